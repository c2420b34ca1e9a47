"""The figures behind a result's charts and a task's past, read from columns. What they look like is the pages' business."""

import math
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import aliased

from app.errors import NotThere
from app.extensions import db
from app.models import Detail, Result, Task
from app.states import TERMINAL, Status

MOST_CELLS = 2000
"""Cells of a grid; above that each stands for several executions."""

MOST_SPANS = 200
"""Executions up to which a timeline has each of them; above that it says how many ran at once."""

MOST_POINTS = 300
"""Points of a timeline that says how many ran at once."""

SAMPLE = 200
"""Executions of a task, spread over its recent results, whose median is taken for a list of tasks."""

LATEST = 500
"""COMPLETE executions of a task whose median is what the next is expected to take."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a number of times (seconds), or of sizes, is spread; the percentiles are nearest-rank, so each is one that was measured."""

    count: int
    minimum: float
    p50: float
    p95: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """How long the executions of a result took, and how long they waited for their start; None where there is none yet."""

    durations: Summary | None
    waits: Summary | None


@dataclass(frozen=True, slots=True)
class Bin:
    """How many executions took from `low` to below `high` seconds, by status."""

    low: float
    high: float
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """All executions of a result in the order of their index, `size` in a cell (fewer in the last), with the result's own counts."""

    times: int
    size: int
    columns: int
    cells: Sequence[Mapping[Status, int]]
    counts: Mapping[Status, int]


class Span(NamedTuple):
    """From when to when an execution ran (epoch seconds; `end` is None while it runs)."""

    start: float
    end: float | None
    status: Status
    position: int


class Point(NamedTuple):
    """How many executions ran at once, at most, from this time (epoch seconds) to the next point's."""

    time: float
    running: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the executions of a result ran: each of them in `spans`, or in `points` how many at once.

    `begin` and `end` are epoch seconds, None before the first start; `end` is now while any runs. `started` is how many have started.
    """

    begin: float | None
    end: float | None
    started: int
    peak: int
    spans: Sequence[Span] = ()
    points: Sequence[Point] = ()


class Past(NamedTuple):
    """One of a task's last results; `duration` in seconds from its first start to its last end, None while there is none."""

    result_id: int
    status: Status
    duration: float | None


@dataclass(frozen=True, slots=True)
class Recent:
    """A task's last results, the oldest first, and the median duration of executions among them in seconds."""

    results: Sequence[Past] = field(default_factory=tuple)
    median: float | None = None


DETAIL = Detail.__table__.c
RESULT = Result
TOOK = DETAIL.end - DETAIL.start
ENDED = DETAIL.status.in_(sorted(TERMINAL))
HAS_TIMES = DETAIL.start.is_not(None) & DETAIL.end.is_not(None)


def _rows(query: Any) -> Any:
    """Stream the rows: a hundred thousand at once are not garbage that the collector walks over again and again."""
    return db.session.execute(query.execution_options(yield_per=1000))


def _head(result_id: int) -> Any:
    """Read a result's times and counts; what is read after it in this transaction agrees with it."""
    row = db.session.execute(select(RESULT.times, *(getattr(RESULT, status.lower()).label(status) for status in Status)).where(RESULT.id == result_id)).first()
    if row is None:
        raise NotThere(f"There is no result {result_id}: GET /result/ lists them.")
    return row


def summary(result_id: int) -> Statistics:
    """Return how long a result's executions took, of those that ended, and waited, of those that started."""
    _head(result_id)
    return summary_of(DETAIL.result_id == result_id)


def summary_of(which: ColumnElement[bool]) -> Statistics:
    """Return the same of the executions that fulfil a condition."""
    took, waited = [], []
    query = select(case((ENDED, TOOK)), DETAIL.start - DETAIL.submitted_at).where(which, DETAIL.start.is_not(None))
    for duration, wait in _rows(query):
        waited.append(wait)
        if duration is not None:
            took.append(duration)
    return Statistics(spread(took), spread(waited))


def spread(values: Sequence[float]) -> Summary | None:
    """Return how these values are spread, None where there are none."""
    if not values:
        return None
    ordered = sorted(values)

    def rank(percent: int) -> float:
        # No time is below 0, though the Engine's clock may be behind ours.
        return max(0.0, ordered[max(0, -(-percent * len(ordered) // 100) - 1)])

    return Summary(len(ordered), rank(0), rank(50), rank(95), rank(100))


def histogram(result_id: int, bins: int = 24) -> list[Bin]:
    """Return how the durations of ended executions are spread over at most `bins` bins of one round width, [] where none ended."""
    _head(result_id)
    durations: dict[Status, list[float]] = defaultdict(list)
    for status, took in _rows(select(DETAIL.status, TOOK).where(DETAIL.result_id == result_id, ENDED, HAS_TIMES)):
        durations[status].append(max(0.0, took))
    if not durations:
        return []
    low, high = min(map(min, durations.values())), max(map(max, durations.values()))
    width, first, number = _round_bins(low, high, bins)
    counted = {status: Counter(_bin_of(value, width) - first for value in values) for status, values in durations.items()}
    edges = [round((first + edge) * width, 9) for edge in range(number + 1)]
    return [
        Bin(edges[place], edges[place + 1], {status: counted[status][place] for status in Status if status in counted and counted[status][place]})
        for place in range(number)
    ]


def _round_bins(low: float, high: float, bins: int) -> tuple[float, int, int]:
    """Return the width of the bins in seconds, the first as a multiple of it, and how many they are; a millisecond is the narrowest."""
    width = _round_up(max((high - low) / bins if high > low else high / 10, 0.001))
    while _bin_of(high, width) - _bin_of(low, width) >= bins:
        width = _round_up(width * 1.01)
    first = _bin_of(low, width)
    return width, first, _bin_of(high, width) - first + 1


def _round_up(width: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten."""
    power = math.floor(math.log10(width))
    return next(value for value in (float(f"{step}e{power}") for step in (1, 2, 5, 10, 20)) if value >= width * (1 - 1e-9))


def _bin_of(value: float, width: float) -> int:
    return math.floor(value / width + 1e-9)


def grid(result_id: int) -> Grid:
    """Return the statuses of all executions in the order of their index, in at most 2,000 cells.

    The result's counts come from the same transaction, so the cells add up to them.
    """
    head = _head(result_id)
    size = max(1, -(-head.times // MOST_CELLS))
    cells: list[dict[Status, int]] = [{} for _ in range(-(-head.times // size))]
    source = _ordered(result_id, head.times)
    # Integers: the database divides without a remainder.
    place = (source.c.place // size).label("cell")
    for cell, status, number in _rows(select(place, source.c.status, func.count()).group_by(place, source.c.status)):
        cells[cell][Status(status)] = number
    return Grid(head.times, size, _columns(len(cells)), cells, {status: getattr(head, status) for status in Status})


def _ordered(result_id: int, times: int) -> Any:
    """Select the place of each execution in its result and its status. Where chosen ones were run again, indices have gaps; places have none."""
    of_result = DETAIL.result_id == result_id
    last = db.session.execute(select(func.max(DETAIL.position)).where(of_result)).scalar()
    place = DETAIL.position if last is None or last < times else func.row_number().over(order_by=DETAIL.position) - 1
    return select(place.label("place"), DETAIL.status).where(of_result).subquery()


def _columns(cells: int) -> int:
    """Return how many cells stand side by side: tens, so that a reader can count, and about half as wide again as high."""
    return max(20, 10 * math.ceil(math.sqrt(1.5 * cells) / 10))


def timeline(result_id: int) -> Timeline:
    """Return when a result's executions ran: each of them up to 200, above that how many ran at once at up to 300 points."""
    times = _head(result_id).times
    query = select(DETAIL.start, DETAIL.end, DETAIL.status, DETAIL.position).where(DETAIL.result_id == result_id, DETAIL.start.is_not(None))
    starts, ends, spans = [], [], []
    for start, end, status, position in _rows(query):
        starts.append(start)
        # One that was lost has ended, nobody knows when.
        ended = max(start, end or start) if end is not None or status in TERMINAL else None
        if ended is not None:
            ends.append(ended)
        if times <= MOST_SPANS:
            spans.append(Span(start, ended, Status(status), position))
    if not starts:
        return Timeline(None, None, 0, 0)
    starts.sort()
    ends.sort()
    last = max(starts[-1], ends[-1] if ends else 0.0, time.time() if len(ends) < len(starts) else 0.0)
    points = _points(starts, ends, last)
    peak = max(point.running for point in points)
    spans.sort(key=lambda span: (span.start, span.position))
    return Timeline(starts[0], last, len(starts), peak, tuple(spans), () if times <= MOST_SPANS else tuple(points))


def _points(starts: list[float], ends: list[float], last: float) -> list[Point]:
    """Return how many ran at once at most, in equal stretches of time from the first start, and at `last`; both lists are sorted."""
    stretches, begin = MOST_POINTS - 1, starts[0]
    width = (last - begin) / stretches
    edges = [begin + number * width for number in range(stretches)]
    running = [bisect_right(starts, edge) - bisect_right(ends, edge) for edge in edges]
    gone = 0
    for begun, start in enumerate(starts, start=1):
        # An execution without a length counts as running at its start.
        while gone < len(ends) and ends[gone] < start:
            gone += 1
        place = min(int((start - begin) / width), stretches - 1) if width > 0 else 0
        running[place] = max(running[place], begun - gone)
    return [*map(Point, edges, running), Point(last, len(starts) - len(ends))]


def recent(task_ids: Sequence[int], each: int = 20) -> dict[int, Recent]:
    """Return the last `each` results of each of these tasks, and the median duration of some 200 executions of each."""
    found: dict[int, list[Past]] = {task_id: [] for task_id in task_ids}
    for task_id, result_id, status, start, end in db.session.execute(_latest(task_ids, each)):
        found[task_id].append(Past(result_id, Status(status), max(0.0, end - start) if start is not None and end is not None else None))
    durations = _durations(found)
    return {task_id: Recent(results, median_low(durations[task_id]) if task_id in durations else None) for task_id, results in found.items()}


def _latest(task_ids: Sequence[int], each: int) -> Any:
    """Seek the last results of each task by the index: a window function would read all there are."""
    other = aliased(Result)
    last = select(other.id).where(other.task_id == Task.id).order_by(other.id.desc()).limit(each).correlate(Task)
    query = select(Task.id, RESULT.id, RESULT.status, RESULT.start, RESULT.end).join(RESULT, RESULT.id.in_(last))
    return query.where(Task.id.in_(task_ids)).order_by(RESULT.id)


def _durations(found: Mapping[int, Sequence[Past]]) -> dict[int, list[float]]:
    """Read durations in seconds by task: of each result as many as its share of the sample, by the index of the positions."""
    by_share: dict[int, list[int]] = defaultdict(list)
    for results in found.values():
        if results:
            by_share[SAMPLE // len(results)] += [result.result_id for result in results]
    durations: dict[int, list[float]] = defaultdict(list)
    if by_share:
        wanted = or_(*(DETAIL.result_id.in_(ids) & (DETAIL.position < share) for share, ids in by_share.items()))
        for task_id, took in db.session.execute(select(DETAIL.task_id, TOOK).where(wanted, ENDED, HAS_TIMES)):
            durations[task_id].append(max(0.0, took))
    return durations


def expected(task_id: int) -> float | None:
    """Return the median duration in seconds of a task's latest COMPLETE executions (at most 500), None where there are none."""
    query = (
        select(TOOK)
        .select_from(RESULT)
        .join(Detail, DETAIL.result_id == RESULT.id)
        .where(RESULT.task_id == task_id, DETAIL.status == Status.COMPLETE, HAS_TIMES)
        .order_by(RESULT.id.desc(), DETAIL.position.desc())
        .limit(LATEST)
    )
    durations = db.session.execute(query).scalars().all()
    return max(0.0, median_low(durations)) if durations else None
