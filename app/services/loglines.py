"""A log as numbered lines, a window at a time: what a page shows of it, and what has come since."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

from app.engine.errors import NotFound
from app.engine.logs import Frame
from app.logstore import GAP
from app.services.logs import Logged, frames_of, from_engine, lines_of

MOST = 1000
"""Lines in a window."""
REMEMBERED = 64
"""Growing logs of which this process remembers how far it has read."""
SLACK = 100_000_000
"""Nanoseconds by which a line may be older than one before it: the Engine stamps what comes on either stream, and only then writes it down."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
_RESET = re.compile(rb"\x1b\[0?m")


class Line(NamedTuple):
    """One line: its number (the first is 1), its stream (1 stdout, 2 stderr, 0 where the cap cut), RFC 3339 time, and its bytes."""

    number: int
    stream: int
    time: str
    payload: bytes


class Mark(NamedTuple):
    """How far somebody has read: the number and time of the last line, and how many lines up to it have that time."""

    number: int = 0
    time: str = ""
    same: int = 0


START = Mark()


@dataclass(frozen=True)
class Window:
    """Lines of a log, what of the lines `before` them decides their colours, and how many lines the log had in all."""

    lines: list[Line]
    before: list[bytes]
    total: int

    @property
    def mark(self) -> Mark:
        """How far one has read who has read this."""
        return mark_after(self.lines, Mark())


@dataclass(frozen=True)
class _Place:
    """A place in a log that grows: where it is, and what of the lines up to there decides the colours after it."""

    mark: Mark = START
    styled: tuple[bytes, ...] = ()


_places: dict[str, _Place] = {}


def last(detail: Logged) -> Window:
    """Return a log's last lines. Of one that grows a place is remembered, so that it is not read from its beginning each time."""
    if not detail.is_live or detail.container_id is None:
        return _last(lines_of(frames_of(detail)), _Place())[0]
    place = _places.get(detail.container_id, _Place())
    lines: Iterable[Frame] | None = _came_since(detail, place.mark) if place.mark.number else None
    if lines is None:
        place, lines = _Place(), lines_of(frames_of(detail), unfinished=False)
    window, place = _last(lines, place)
    _places.pop(detail.container_id, None)
    _places[detail.container_id] = place
    while len(_places) > REMEMBERED:
        del _places[next(iter(_places))]
    return window


def _last(lines: Iterable[Frame], place: _Place) -> tuple[Window, _Place]:
    """Return the last of the lines that follow `place`, and a place that a window's worth of lines follows."""
    kept: deque[Frame] = deque(maxlen=2 * MOST)
    styled: deque[tuple[int, bytes]] = deque(((0, payload) for payload in place.styled), maxlen=3 * MOST)
    total = place.mark.number
    for frame in lines:
        total += 1
        kept.append(frame)
        if b"\x1b" in frame.payload:
            styled.append((total, frame.payload))
    numbered = [_line(number, frame) for number, frame in enumerate(kept, start=total - len(kept) + 1)]
    shown = numbered[-MOST:]
    first = shown[0].number if shown else 1
    # A line whose time no line before it has is found again by its time alone.
    fresh = next((line for before, line in pairwise(numbered[: len(numbered) - MOST]) if line.time != before.time), None)
    if fresh is not None:
        place = _Place(Mark(fresh.number, fresh.time, 1), tuple(_deciding(styled, fresh.number + 1)))
    return Window(shown, _deciding(styled, first), total), place


def _deciding(styled: Iterable[tuple[int, bytes]], end: int) -> list[bytes]:
    """Return of the lines before number `end` those that decide the colours there: from the last one on that sets them back."""
    found = [payload for _, payload in takewhile(lambda each: each[0] < end, styled)]
    reset = next((place for place in range(len(found) - 1, -1, -1) if _RESET.search(found[place])), 0)
    return found[reset:]


def around(detail: Logged, first: int, count: int = MOST) -> Window:
    """Return the lines from number `first` on."""
    lines: list[Line] = []
    styled: deque[tuple[int, bytes]] = deque(maxlen=MOST)
    total = 0
    for total, frame in enumerate(lines_of(frames_of(detail), unfinished=not detail.is_live), start=1):
        if total < first and b"\x1b" in frame.payload:
            styled.append((total, frame.payload))
        elif first <= total < first + count:
            lines.append(_line(total, frame))
    return Window(lines, _deciding(styled, first), total)


def since(detail: Logged, mark: Mark) -> list[Line]:
    """Return what has come since `mark`, at most a window, with no line left out and none given twice."""
    if not detail.is_live or not mark.time or detail.container_id is None:
        lines = enumerate(lines_of(frames_of(detail), unfinished=not detail.is_live), start=1)
        return [_line(number, frame) for number, frame in islice(lines, mark.number, mark.number + MOST)]
    # The Engine reads its newest lines from the end of its file; only one who is far behind makes it read more.
    found = _came_since(detail, mark, MOST + mark.same)
    if found is None:
        found = _came_since(detail, mark, head=MOST)
    if found is None:
        # The Engine has thrown the marked lines away, being over its own cap: what it still has goes on from there.
        found = list(lines_of(frames_of(detail), unfinished=False))
    return [_line(number, frame) for number, frame in enumerate(found[:MOST], start=mark.number + 1)]


def rest(detail: Logged, mark: Mark) -> Iterator[Line]:
    """Return all that the stored log of one that has ended holds after `mark`, reading it as it is taken; raise LogsRemoved as frames_of() does.

    Of one that the cap has cut, who had read beyond the cut goes on where they were; who had not come so far meets the cut.
    """
    place = _place_in_stored(detail, mark) if mark.number and detail.log_truncated else mark.number
    lines = islice(lines_of(frames_of(detail)), place, None)
    return (_line(number, frame) for number, frame in enumerate(lines, start=mark.number + 1))


def _place_in_stored(detail: Logged, mark: Mark) -> int:
    """Return how many lines of a shortened log to leave out: numbers are not what they were, so the marked line is looked for by its time."""
    seen = mark.time.encode()
    gap = begun = None
    same = 0
    for place, line in enumerate(lines_of(frames_of(detail))):
        begun = begun or line.time
        if line.stream == GAP:
            gap = (place, line.time)
        # After the gap, one with an older time is the two ends of a line that the gap tore: its middle is missing.
        elif line.time == seen and (gap is None or line.time >= gap[1]):
            same += 1
            if same == mark.same:
                return place + 1
    # Not there: either cut out, or the Engine has thrown away what was read, and all that is stored came after it.
    return gap[0] if gap is not None and begun is not None and begun <= seen else 0


def mark_after(lines: Iterable[Line], mark: Mark) -> Mark:
    """Return how far one has read who had read to `mark` and now these."""
    for line in lines:
        mark = Mark(line.number, line.time, mark.same + 1 if line.time == mark.time else 1)
    return mark


def _came_since(detail: Logged, mark: Mark, tail: int | None = None, head: int | None = None) -> list[Frame] | None:
    """Return the lines after `mark`: of the last `tail`, or the first `head`. None where these begin later, so that some would be missing.

    The marked line is looked for by its time: times are not quite in order, and of what is older than asked for some Engines send some.
    """
    seen = mark.time.encode()
    try:
        lines = lines_of(from_engine(detail.container_id or "", tail, _epoch(mark.time)), unfinished=False)
        marked = (line for line in lines if line.time == seen)
        if next(islice(marked, max(0, mark.same - 1), None), None) is None:
            return None
        return list(islice(lines, head))
    except NotFound:
        return []


def _line(number: int, frame: Frame) -> Line:
    return Line(number, frame.stream, frame.time.decode("ascii", "replace"), frame.payload)


def _epoch(time: str) -> str | None:
    """Return what is a little before an RFC 3339 time in UTC, as the Engine takes it: epoch seconds and nine decimals."""
    match = _TIME.fullmatch(time)
    if match is None:
        return None
    seconds = int(datetime.fromisoformat(f"{match[1]}+00:00").timestamp())
    nanoseconds = seconds * 1_000_000_000 + int((match[2] or "").ljust(9, "0")) - SLACK
    return f"{nanoseconds // 1_000_000_000}.{nanoseconds % 1_000_000_000:09}"


__all__ = ["GAP", "MOST", "Line", "Mark", "Window", "around", "last", "mark_after", "rest", "since"]
