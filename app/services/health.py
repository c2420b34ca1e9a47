"""Whether the parts that Estivador needs are there: each by name, with what is the matter and what to do."""

import time

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.engine import connection
from app.extensions import db, huey
from app.jobs import context
from app.jobs.heartbeat import EVERY
from app.models import Consumer

ALIVE_WITHIN = 3 * EVERY
"""Seconds since its last beat within which a consumer counts as alive."""


def check() -> dict[str, str]:
    """Return for database, queue, consumer and engine "ok" or a sentence that says what is wrong."""
    return {"database": _database(), "queue": _queue(), "consumer": _consumer(), "engine": _engine()}


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


def _consumer() -> str:
    try:
        seen = db.session.execute(select(func.max(Consumer.seen_at))).scalar()
    except SQLAlchemyError:
        return "Not known, because the database can't be read."
    if seen is None or time.time() - seen > ALIVE_WITHIN:
        return "No consumer is alive, so nothing is started: `make run` keeps one, or start `huey_consumer wsgi.huey`."
    return "ok"


def _engine() -> str:
    trouble = connection.answers(context.settings().engine)
    if trouble is None:
        return "ok"
    return f"The Docker Engine at {context.settings().engine.url} does not answer: what is submitted waits until it does. Start it, or check DOCKER_HOST."
