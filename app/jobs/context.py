"""What a job finds at hand: the settings, the instance's id, the log store, and a client of an Engine."""

import threading
from typing import cast

import docker
from flask import current_app

from app.config import Settings
from app.engine import connection
from app.extensions import db
from app.logstore import LogStore
from app.models import Instance
from app.vault import Vault

stopping = threading.Event()
"""Set when this consumer has been told to end: a job that could take long gives up, and the next consumer takes it up."""


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def log_store() -> LogStore:
    """Where this instance's logs lie."""
    return cast(LogStore, current_app.extensions["log_store"])


def vault() -> Vault:
    """What encrypts and decrypts this instance's secrets."""
    return cast(Vault, current_app.extensions["vault"])


def instance_id() -> str:
    """The id that this instance's containers carry."""
    known = current_app.extensions.get("instance_id")
    if known is None:
        # On a connection of its own, given back at once: a thread that goes on for days must not hold a read transaction,
        # because SQLite can't shorten its write-ahead log past the oldest of them.
        with db.engine.connect() as database:
            known = current_app.extensions["instance_id"] = database.execute(db.select(Instance.id)).scalar_one()
    return cast(str, known)


def engine_client() -> docker.APIClient:
    """This thread's client of the Engine. Raises EngineUnreachable where it does not answer."""
    return connection.client(settings().engine, settings().engine_timeout)
