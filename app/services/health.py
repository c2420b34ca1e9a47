"""Whether the parts that Estivador needs are there: each by name, with what is the matter and what to do."""

import time

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.config import Settings
from app.engine import connection
from app.engine.errors import out_of_space
from app.extensions import db, huey
from app.jobs import context
from app.jobs.heartbeat import EVERY
from app.models import Consumer, Engine

ENGINE_FULL = (
    "The disk of the Docker Engine is full: what waits is started as soon as there is room. "
    "Remove images and containers that nobody needs there, or tidy up results and logs on the page Retention."
)
ALIVE_WITHIN = 3 * EVERY
"""Seconds since its last beat within which a consumer counts as alive."""

SILENT_AFTER = 30.0
"""Seconds without an answer of the Engine after which it counts as out, although no call of it has failed yet."""


def check() -> dict[str, str]:
    """Return for database, queue, keys, consumer and engine "ok" or a sentence that says what is wrong."""
    return {"database": _database(), "queue": _queue(), "keys": _keys(), "consumer": _consumer(), "engine": _engine()}


def noted() -> dict[str, str]:
    """Answer as check() does, but ask no Engine: what the supervisor noted of it lately counts, so that no page waits for one that hangs."""
    consumer = _consumer()
    return {"database": _database(), "queue": _queue(), "keys": _keys(), "consumer": consumer, "engine": _engine_noted() if consumer == "ok" else "ok"}


def _engine_noted() -> str:
    """Where no consumer is alive, nobody notes anything: that is the trouble then."""
    trouble, seen_at = db.session.execute(select(Engine.trouble, Engine.seen_at)).first() or (None, None)
    silent = seen_at is not None and time.time() - seen_at > SILENT_AFTER
    if silent or (trouble and not out_of_space(trouble)):
        return engine_out(context.settings(), trouble or "")
    return ENGINE_FULL if trouble else "ok"


def engine_full() -> str | None:
    """Say that the Engine's disk is full, where that was noted: such an Engine answers as ever. None where it is not."""
    return ENGINE_FULL if _engine_noted() == ENGINE_FULL else None


def engine_out(settings: Settings, why: str) -> str:
    """Say that the Engine does not answer, or not to this user, and what to do."""
    if "Permission denied" in why:
        return (
            f"The user that Estivador runs as may not use {settings.engine.url}: what is submitted waits until it may. "
            "Make it a member of the socket's group, in a container by DOCKER_GID (compose.yaml), and start Estivador again."
        )
    return f"The Docker Engine at {settings.engine.url} does not answer: what is submitted waits until it does. Start it, or check DOCKER_HOST."


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"The database can't be read ({type(error).__name__}): check the instance folder and its disk."
    return "ok"


def _queue() -> str:
    try:
        huey.pending_count()
    except Exception as error:  # the storage decides what it raises
        return f"The queue can't be read ({type(error).__name__}): check queue.db in the instance folder."
    return "ok"


def _keys() -> str:
    return context.vault().trouble() or "ok"


def _consumer() -> str:
    try:
        seen = db.session.execute(select(func.max(Consumer.seen_at))).scalar()
    except SQLAlchemyError:
        return "Not known, because the database can't be read."
    if seen is None or time.time() - seen > ALIVE_WITHIN:
        return "No consumer is alive, so nothing is started: `make run` keeps one, or start `huey_consumer wsgi.huey`."
    return "ok"


def _engine() -> str:
    if (trouble := connection.answers(context.settings().engine)) is not None:
        return engine_out(context.settings(), trouble)
    return engine_full() or "ok"
