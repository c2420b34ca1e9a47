"""How much work SQLite has with something: counted, not timed, so it is the same on each machine and however busy that is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.extensions import db

EACH = 100


def effort(action: Callable[[], object]) -> int:
    """Return how many instructions of SQLite's virtual machine `action` takes, to the hundred (https://sqlite.org/c3ref/progress_handler.html)."""
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    with _asking(tick):
        action()
    return ticks * EACH


@contextmanager
def _asking(tick: Callable[[], int]) -> Iterator[None]:
    """Have each connection call `tick` every so many instructions."""
    used: list[Any] = []

    def take(connection: Any, *_: object) -> None:
        connection.set_progress_handler(tick, EACH)
        used.append(connection)

    db.session.rollback()  # what is open is taken anew
    event.listen(db.engine, "checkout", take)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", take)
        for connection in used:
            connection.set_progress_handler(None, 0)
