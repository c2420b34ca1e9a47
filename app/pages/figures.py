"""The figures behind a result's charts, remembered: what has not changed is not worked out again.

Durations and timeline of a large result that is live are worked out every few seconds, not at each change. Its counts and its grid
are of the same moment as the page, always.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.services import statistics
from app.services.statistics import Bin, Grid, Statistics, Timeline
from app.states import LIVE

LARGE = 5_000
"""Executions from which on a live result's durations may be a little old."""
KEPT = 32
"""Results whose figures this process remembers."""
SHARE = 20
"""What took long to work out is kept longer: at most one part in so many of the time goes into it."""

Found = TypeVar("Found")


@dataclass(frozen=True)
class Figures:
    """How long a result's executions took, and when they ran."""

    statistics: Statistics
    histogram: list[Bin]
    timeline: Timeline


@dataclass(frozen=True)
class _Kept(Generic[Found]):
    """Something worked out for a result's `revision`, in `took` seconds, at `at` (monotonic seconds)."""

    revision: int
    at: float
    took: float
    found: Found


class Memory(Generic[Found]):
    """The latest of what `work_out` found for some results."""

    def __init__(self, work_out: Callable[[int], Found]) -> None:
        self._work_out = work_out
        self._kept: dict[int, _Kept[Found]] = {}
        self._lock = threading.Lock()

    def get(self, result_id: int, revision: int, may_be_old: bool = False) -> Found:
        """Return what was found for this revision, or one shortly before where that will do, or find it now."""
        kept = self._kept.get(result_id)
        if kept is not None and (kept.revision == revision or (may_be_old and time.monotonic() - kept.at < SHARE * kept.took)):
            return kept.found
        begun = time.monotonic()
        found = self._work_out(result_id)
        now = time.monotonic()
        with self._lock:
            self._kept.pop(result_id, None)
            self._kept[result_id] = _Kept(revision, now, now - begun, found)
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return found


def _figures(result_id: int) -> Figures:
    return Figures(statistics.summary(result_id), statistics.histogram(result_id), statistics.timeline(result_id))


_known: Memory[Figures] = Memory(_figures)
_grids: Memory[Grid] = Memory(statistics.grid)


def of(result_id: int, revision: int, times: int, status: str) -> Figures:
    """Return a result's durations and timeline."""
    return _known.get(result_id, revision, may_be_old=status in LIVE and times > LARGE)


def grid(result_id: int, revision: int) -> Grid:
    """Return a result's grid as of `revision`, which the caller read in the same transaction."""
    return _grids.get(result_id, revision)
