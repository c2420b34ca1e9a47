"""A log as numbered lines, a window at a time: what a page shows of it, and what has come since."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from app.engine import logs
from app.engine.errors import EngineUnreachable, NotFound
from app.engine.logs import Frame
from app.errors import EngineDown
from app.jobs import context
from app.logstore import GAP
from app.models import Detail
from app.services.logs import frames_of, lines_of

MOST = 1000
"""Lines in a window."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


class Line(NamedTuple):
    """One line: its number (the first is 1), its stream (1 stdout, 2 stderr, 0 where the cap cut), RFC 3339 time, and its bytes."""

    number: int
    stream: int
    time: str
    payload: bytes


class Mark(NamedTuple):
    """How far somebody has read: the number and time of the last line, and how many lines before it (it too) have that time."""

    number: int = 0
    time: str = ""
    same: int = 0


@dataclass(frozen=True)
class Window:
    """Lines of a log, those `before` them in the log (their bytes decide its colours), and how many lines the log had in all."""

    lines: list[Line]
    before: list[bytes]
    total: int

    @property
    def mark(self) -> Mark:
        """How far one has read who has read this."""
        return mark_after(self.lines, Mark())


def last(detail: Detail, count: int = MOST) -> Window:
    """Return a log's last lines."""
    kept: deque[Line] = deque(maxlen=count)
    styled: list[tuple[int, bytes]] = []
    total = 0
    for line in _numbered(detail):
        total = line.number
        kept.append(line)
        if b"\x1b" in line.payload:
            styled.append((line.number, line.payload))
    first = kept[0].number if kept else 1
    return Window(list(kept), [payload for number, payload in styled if number < first], total)


def around(detail: Detail, first: int, count: int = MOST) -> Window:
    """Return the lines from number `first` on."""
    lines: list[Line] = []
    styled: list[bytes] = []
    total = 0
    for line in _numbered(detail):
        total = line.number
        if line.number < first and b"\x1b" in line.payload:
            styled.append(line.payload)
        if first <= line.number < first + count:
            lines.append(line)
    return Window(lines, styled, total)


def since(detail: Detail, mark: Mark, count: int = MOST) -> list[Line]:
    """Return what has come since `mark`, at most `count` lines, with no line left out and none given twice."""
    if not detail.is_live or not mark.time or detail.container_id is None:
        return list(islice((line for line in _numbered(detail) if line.number > mark.number), count))
    # The Engine reads its newest lines from the end of its file; only one who is far behind makes it read more.
    for tail in (count + mark.same, None):
        found = _came_since(detail, mark, tail)
        if found is not None:
            return [Line(mark.number + 1 + place, *frame) for place, frame in enumerate(found[:count])]
    return []


def mark_after(lines: Iterable[Line], mark: Mark) -> Mark:
    """Return how far one has read who had read to `mark` and now these."""
    for line in lines:
        mark = Mark(line.number, line.time, mark.same + 1 if line.time == mark.time else 1)
    return mark


def _came_since(detail: Detail, mark: Mark, tail: int | None) -> list[tuple[int, str, bytes]] | None:
    """Return the lines after `mark` among the last `tail`; None where these begin later, so that some would be missing."""
    try:
        frames = logs.frames(context.engine_client(), detail.container_id or "", tail, _epoch(mark.time))
        found = [(frame.stream, frame.time.decode("ascii", "replace"), frame.payload) for frame in lines_of(frames, unfinished=False)]
    except NotFound:
        return []
    except EngineUnreachable:
        raise EngineDown("The Docker Engine does not answer, and the log of this execution is still with it.") from None
    known = sum(1 for _ in _leading(found, mark.time))
    if known < mark.same and tail is not None:
        return None
    return found[min(known, mark.same) :]


def _leading(found: list[tuple[int, str, bytes]], time: str) -> Iterator[None]:
    for _, seen, _ in found:
        if seen != time:
            return
        yield None


def _numbered(detail: Detail) -> Iterator[Line]:
    frames: Iterable[Frame] = frames_of(detail)
    for number, (stream, time, payload) in enumerate(lines_of(frames, unfinished=not detail.is_live), start=1):
        yield Line(number, stream, time.decode("ascii", "replace"), payload)


def _epoch(time: str) -> str | None:
    """Return an RFC 3339 time in UTC as the Engine takes it: epoch seconds and nine decimals."""
    match = _TIME.fullmatch(time)
    if match is None:
        return None
    seconds = int(datetime.fromisoformat(f"{match[1]}+00:00").timestamp())
    return f"{seconds}.{(match[2] or '').ljust(9, '0')}"


__all__ = ["GAP", "MOST", "Line", "Mark", "Window", "around", "last", "mark_after", "since"]
