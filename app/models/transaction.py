"""One short write transaction, begun as a write, and what is done once it is committed; and a row beside it that nobody waits for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.extensions import db

BUSY = ("database is locked", "database table is locked")


@contextmanager
def write() -> Iterator[Session]:
    """Open a write transaction, or join the one that is open; commit at the end of the outermost, roll back on an error.

    On SQLite it begins IMMEDIATE, so everything read inside stays true until the commit.
    Raises sqlalchemy.exc.OperationalError where another process holds the write lock for longer than the busy timeout.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    session.rollback()  # ends a read transaction, whose snapshot could not become a write
    session.info["writing"] = True
    session.info["after_commit"] = []
    try:
        session.connection(execution_options={"writes": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        session.info["after_commit"] = []
        raise
    finally:
        session.info["writing"] = False
    for action in session.info.pop("after_commit", []):
        action()


def commit_part(pause: float) -> None:
    """Commit what the open write transaction has done so far, leave the record to others for `pause` seconds, and go on in a new one.

    What was read before may be true no more. It is for who opened the transaction: nobody who joined one may end it in the middle.
    """
    session = db.session()
    session.commit()
    actions, session.info["after_commit"] = session.info["after_commit"], []
    session.info["writing"] = False
    for action in actions:
        action()
    session.rollback()  # what an action has read
    time.sleep(pause)
    session.info["writing"] = True
    session.connection(execution_options={"writes": True})


def is_busy(error: Exception) -> bool:
    """Whether an error says that others wrote to the record for longer than the busy timeout: nothing is wrong, and it may be tried again."""
    return isinstance(error, OperationalError) and any(sign in str(error.orig) for sign in BUSY)


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once the open write transaction is committed, at once where none is open; never after a rollback."""
    session = db.session()
    if session.info.get("writing"):
        session.info["after_commit"].append(action)
    else:
        action()


def write_aside(change: Any, patience: float = 0.0) -> None:
    """Write one statement on a connection of our own, and wait at most `patience` seconds for somebody else's write.

    Raises sqlalchemy.exc.OperationalError where the record is busy for longer.
    """
    with db.engine.connect() as connection:
        timeout = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience * 1000)}")
        try:
            connection.execute(change)
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(timeout)}")
