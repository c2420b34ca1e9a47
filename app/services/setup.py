"""Making an instance ready: its folder, the schema, the admin token, the keys, the one Engine. Done at each start; doing it again changes nothing."""

import fcntl
import secrets
import time
from pathlib import Path

import flask_migrate
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from app.config import Settings
from app.extensions import db
from app.jobs.consumer import LOCAL_ENGINE
from app.models import Engine, Instance, write
from app.services import keys, tokens

MIGRATIONS = str(Path(__file__).resolve().parent.parent / "migrations")


def prepare(settings: Settings) -> None:
    """Make the instance ready. Processes that start together wait for each other here."""
    with (settings.instance / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _schema() != _newest_schema():
            flask_migrate.upgrade(MIGRATIONS)
        _ensure_rows(settings)
        keys.ensure()
        tokens.ensure_admin(settings.instance)


def make_folder(settings: Settings) -> None:
    """Make the instance folder, for its owner's eyes only: whoever reads its keys is anybody here, and runs code by its queue."""
    settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.instance.chmod(0o700)


def _schema() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _newest_schema() -> str | None:
    return ScriptDirectory(MIGRATIONS).get_current_head()


def _ensure_rows(settings: Settings) -> None:
    """Add what is missing. What is there stays: any command comes by here, whatever the environment that it is given in."""
    if db.session.get(Engine, LOCAL_ENGINE) is not None:  # the last that is added
        return
    with write() as session:
        if session.execute(db.select(Instance.id)).first() is None:
            session.add(Instance(id=secrets.token_hex(4), created_at=time.time()))
        session.add(Engine(id=LOCAL_ENGINE, name="local", address=settings.engine.url, slots=settings.slots))
    current_app.logger.debug("instance %s is ready", settings.instance)
