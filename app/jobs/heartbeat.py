"""The heartbeat: each consumer says every few seconds that it is alive."""

import logging
import os
import secrets
import socket
import time

from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.models import Consumer, write

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two beats."""
FORGET_AFTER = 3600.0
"""Seconds without a beat after which a consumer's row is deleted."""

_me = secrets.token_hex(8)
_last = float("-inf")


def beat() -> None:
    """Write that this consumer is alive, if the last time is long enough ago."""
    global _last
    if time.monotonic() - _last < EVERY:
        return
    now = time.time()
    try:
        with write() as session:
            row = session.get(Consumer, _me)
            if row is None:
                session.add(Consumer(id=_me, host=socket.gethostname(), pid=os.getpid(), started_at=now, seen_at=now))
                session.execute(db.delete(Consumer).where(Consumer.seen_at < now - FORGET_AFTER))
            else:
                row.seen_at = now
        _last = time.monotonic()
    except OperationalError as error:
        log.warning("could not write the heartbeat: %s", error)
