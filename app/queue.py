"""The queue: Huey on a SQLite file of its own, whose messages are signed."""

import logging
from collections.abc import Iterable
from typing import Any

from flask import Flask
from huey import Huey
from huey.api import Task
from huey.serializer import SignedSerializer
from huey.storage import SqliteStorage

from app.files import kept_key

BUSY_TIMEOUT = 5.0
"""Seconds a statement waits for another process's write lock, of this file or the record's, before it fails: a request is then answered 503."""
KEY_NAME = "queue-key"

log = logging.getLogger(__name__)


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
        self.serializer = SignedSerializer(kept_key(settings.instance / KEY_NAME), salt=self.name)
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
                KEY_NAME,
            )
            return None
        return self._registry.create_task(message)
