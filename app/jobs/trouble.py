"""What is the matter with an Engine, kept for the pages and /ready/; while something is, nothing that waits is rung for."""

import logging
import time

from app.extensions import db
from app.models import Engine, write

log = logging.getLogger(__name__)


def note(engine_id: int, trouble: str | None) -> None:
    """Keep what is the matter; None where nothing is, and the Engine was seen just now."""
    if trouble:
        log.warning("engine %s: %s", engine_id, trouble)
    values = {"trouble": trouble[:1000]} if trouble else {"trouble": None, "seen_at": time.time()}
    with write() as session:
        session.execute(db.update(Engine).where(Engine.id == engine_id).values(**values))
