"""The extensions, made once and bound to an application by create_app: database, API, migrations, queue."""

import sqlite3
from typing import Any

from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import DeclarativeBase

from app.queue import BUSY_TIMEOUT, Queue


class Base(DeclarativeBase):
    """The declarative base of all rows."""


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
api = Api()
migrate = Migrate(render_as_batch=True)
compress = Compress()
# Each web process counts for itself, in memory: a limit is that of one process.
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="fixed-window")
# Unread results never expire, so none are stored.
huey = Queue("estivador", results=False)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: object) -> None:
    """Set what SQLite leaves off: WAL, foreign keys, a busy timeout, a sync on each commit; and leave BEGIN to us."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", f"busy_timeout={int(BUSY_TIMEOUT * 1000)}"):
        connection.execute(f"PRAGMA {pragma}").close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Begin a write at once as a write: a read that turns into one fails with SQLITE_BUSY_SNAPSHOT, whatever the timeout."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
