"""The extensions, made once and bound to an application by create_app: database, API, migrations, queue."""

import ipaddress
import logging
import sqlite3
from collections.abc import Iterable
from typing import Any

from flask import Flask, request
from flask_compress import Compress
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from huey import Huey
from huey.api import Task
from huey.serializer import SignedSerializer
from huey.storage import SqliteStorage
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import DeclarativeBase

from app.files import kept_key

log = logging.getLogger(__name__)

BUSY_TIMEOUT = 5.0
"""Seconds a statement waits for another process's write lock before the request is answered 503."""
QUEUE_KEY_NAME = "queue-key"


class Base(DeclarativeBase):
    """The declarative base of all rows."""


class Queue(Huey):
    """Huey whose storage is opened by init_app, so that importing a job opens no file and builds no application.

    A message is a pickle, which runs code as it is read. So each is signed with a key that lies outside of the queue, and read only if its
    signature is right: who can write the queue file alone runs nothing here.
    """

    app: Flask
    storage: Any

    def create_storage(self) -> None:
        """Leave the storage closed until the application says where it is."""

    def init_app(self, app: Flask) -> None:
        """Open the queue file of this application's instance folder."""
        if self.storage is not None:
            self.storage.close()
        self.app = app
        settings = app.extensions["settings"]
        self.serializer = SignedSerializer(kept_key(settings.instance / QUEUE_KEY_NAME), salt=self.name)
        self.storage = SqliteStorage(self.name, filename=str(settings.queue), timeout=BUSY_TIMEOUT)

    def dequeue(self) -> Task | None:
        """Take the next message that is ours out of the queue; None where there is none. What else is there is refused on the way."""
        while (data := self.storage.dequeue()) is not None:
            if (task := self._opened(data)) is not None:
                return task
        return None

    def is_revoked(self, *args: Any, **kwargs: Any) -> bool:
        """Say that it is not: no job is ever revoked, so what stands in the queue file about that is not ours, and is not read."""
        return False

    def _deserialize_all(self, messages: Iterable[object]) -> list[Task]:
        opened = (self._opened(message) for message in messages)
        return [task for task in opened if task is not None]

    def _opened(self, data: object) -> Task | None:
        """Return the job that a message asks for; None where it is refused, which loses nothing: what waits is rung for again."""
        try:
            message = self.serializer.deserialize(data)
        except (ValueError, TypeError):  # the signature is not ours; the message is no bytes
            log.warning(
                "a message in the queue was refused, because it is not signed with the key in %s: if that goes on, restart Estivador, so that all its "
                "processes have the same key, and see who else writes to the queue file",
                QUEUE_KEY_NAME,
            )
            return None
        return self._registry.create_task(message)


def asker() -> str:
    """Return the address that a request comes from, as limits count it: of IPv6 the /64, which is the least that somebody has to themselves."""
    text = request.remote_addr or "nowhere"
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return text


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
api = Api()
migrate = Migrate(render_as_batch=True)
compress = Compress()
# Each web process counts for itself, in memory: a limit is that of one process.
limiter = Limiter(asker, storage_uri="memory://", strategy="fixed-window")
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
