"""Housekeeping: what is kept for a while only."""

import time

from huey import crontab

from app.extensions import db, huey
from app.models import IdempotencyKey, write

KEEP_KEYS = 24 * 3600.0
"""Seconds for which an Idempotency-Key gives its first answer again."""


@huey.periodic_task(crontab(minute="17"))
def tidy() -> None:
    """Delete the Idempotency-Keys that are older than a day."""
    with huey.app.app_context(), write() as session:
        session.execute(db.delete(IdempotencyKey).where(IdempotencyKey.created_at < time.time() - KEEP_KEYS))
