"""What a user asks of Docker Engines: look at them, and at the consumers that work with them."""

import logging
import time
from dataclasses import dataclass

from sqlalchemy import func, select

from app.config import Settings
from app.engine import connection, info
from app.engine.errors import EngineError
from app.engine.info import Disk, EngineInfo
from app.extensions import db
from app.jobs import context
from app.models import HOLDS_SLOT, Consumer, Detail, Engine
from app.services import health

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds an Engine has to answer a question of a page."""


@dataclass(frozen=True)
class ConsumerView:
    """A consumer process; `alive` where it has said so lately. Times are epoch seconds."""

    host: str
    pid: int
    started_at: float
    seen_at: float
    alive: bool


@dataclass(frozen=True)
class EngineView:
    """A Docker Engine: how many of its slots are held, and what it says of itself; None where it does not answer.

    `running` counts all containers that run on it. `seen_at` (epoch seconds) is when a consumer last had an answer of it.
    """

    id: int
    name: str
    address: str
    slots: int
    held: int
    seen_at: float | None
    trouble: str | None
    info: EngineInfo | None
    disk: Disk | None
    consumers: list[ConsumerView]


def listing() -> list[EngineView]:
    """List the Engines with what each says of itself now; one that does not answer within 2 s is told with its trouble."""
    rows = db.session.execute(select(Engine).order_by(Engine.id)).scalars().all()
    consumers = _consumers()
    return [_view(row, consumers) for row in rows]


def _view(row: Engine, consumers: list[ConsumerView]) -> EngineView:
    held = select(func.count()).select_from(Detail).where(Detail.engine_id == row.id, HOLDS_SLOT)
    said, used, trouble = _ask(context.settings())
    return EngineView(
        id=row.id,
        name=row.name,
        address=row.address,
        slots=row.slots,
        held=db.session.execute(held).scalar_one(),
        seen_at=row.seen_at,
        trouble=trouble,
        info=said,
        disk=used,
        consumers=consumers,
    )


def _ask(settings: Settings) -> tuple[EngineInfo | None, Disk | None, str | None]:
    """Return what the Engine says, what disk it uses, and what is the matter with it."""
    try:
        engine = connection.client(settings.engine, PATIENCE)
        said = info.read(engine)
    except EngineError as error:
        log.info("the Engine at %s says nothing of itself: %s", settings.engine.url, error)
        return None, None, health.engine_out(settings, str(error))
    return said, info.disk(engine), health.engine_full()


def _consumers() -> list[ConsumerView]:
    since = time.time() - health.ALIVE_WITHIN
    rows = db.session.execute(select(Consumer).order_by(Consumer.started_at.desc())).scalars()
    return [ConsumerView(row.host, row.pid, row.started_at, row.seen_at, row.seen_at >= since) for row in rows]


def names() -> dict[int, str]:
    """Return the Engines' names by their id."""
    return {row.id: row.name for row in db.session.execute(select(Engine.id, Engine.name))}
