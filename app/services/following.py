"""Following a log: its lines as they are written, until the attempt that wrote them has ended."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from app.engine.logs import STREAMS
from app.errors import EngineDown, LogsRemoved, NotThere, TooManyFollow
from app.extensions import db
from app.models import Detail
from app.services import attempts, details, loglines, logs
from app.services.attempts import AttemptView
from app.services.loglines import GAP, MOST, Line, Mark
from app.services.logs import View

EVERY = 0.5
"""Seconds between two looks at a log that has nothing new."""
AT_ONCE = 4
"""Logs that one process follows at a time: each holds one of its threads, and others want pages."""

_places = threading.BoundedSemaphore(AT_ONCE)


def follow(detail: Detail, number: int | None, view: View, is_gone: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the lines of attempt `number` of an execution (None: the current one) as View wants them, until it has ended or `is_gone` says that
    nobody reads any more, or may.

    One that waits for its start is waited for. Raises TooManyFollow where this process follows as many logs as it may.
    """
    number = detail.attempt if number is None else attempts.one(detail, number).attempt
    lines = _held(_lines(detail.result_id, detail.id, number, view, is_gone))
    # No read transaction is open while lines are written to whoever reads: SQLite can't shorten its log past one.
    db.session.rollback()
    next(lines)
    return lines


def _held(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Hold a place from the first item to the end: a generator that has begun gives it back whatever happens.

    The first item is for follow(); the second, as empty, lets the server send its headers at once, however long the first line takes.
    """
    if not _places.acquire(blocking=False):
        raise TooManyFollow(f"{AT_ONCE} logs are followed already, as many as one process does: try again, or ask without `follow`.")
    try:
        yield b""
        yield b""
        yield from lines
    finally:
        _places.release()


def _lines(result_id: int, detail_id: int, number: int, view: View, is_gone: Callable[[], bool]) -> Iterator[bytes]:
    wanted = {STREAMS[name] for name in view.streams} | {GAP}
    shown = 0
    held: deque[bytes] | None = None if view.tail is None else deque(maxlen=view.tail)
    for found, is_caught_up in _looks(result_id, detail_id, number, is_gone):
        for line in found:
            if line.stream not in wanted:
                continue
            shown += 1
            if shown > view.after:
                text = logs.rendered(line.stream, line.time.encode(), line.payload, view.timestamps)
                if held is None:
                    yield text
                else:
                    held.append(text)
        if held is not None and is_caught_up:
            yield from held
            held = None


def _looks(result_id: int, detail_id: int, number: int, is_gone: Callable[[], bool]) -> Iterator[tuple[Iterable[Line], bool]]:
    """Look again and again: yield what has come, and whether that is all so far. Once it has ended, yield all the rest in one."""
    mark = Mark()
    while not is_gone():
        attempt = _attempt(result_id, detail_id, number)
        if attempt is None:
            return
        if not attempt.is_live:
            with suppress(LogsRemoved):
                yield loglines.rest(attempt, mark), True
            return
        found = _came(attempt, mark)
        if found is None:
            return
        mark = loglines.mark_after(found, mark)
        is_caught_up = len(found) < MOST
        yield found, is_caught_up
        if is_caught_up:
            time.sleep(EVERY)


def _attempt(result_id: int, detail_id: int, number: int) -> AttemptView | None:
    """Return how the attempt stands now, and leave no read transaction open: None where it is gone."""
    try:
        return attempts.one(details.get(result_id, detail_id), number)
    except NotThere:
        return None
    finally:
        db.session.rollback()


def _came(attempt: AttemptView, mark: Mark) -> list[Line] | None:
    """Return what a live attempt has written since `mark`: nothing while its Engine does not answer, None where retention has removed it."""
    try:
        return loglines.since(attempt, mark)
    except EngineDown:
        return []
    except LogsRemoved:
        return None
