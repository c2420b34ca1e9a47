"""The figures of a result, as pages and API show them: each worked out once a revision.

What takes a look at every execution is, for a large result that is live, worked out every few seconds, not at each change. Its counts
and its grid are of the same moment as the page, always.
"""

import time
from dataclasses import dataclass

from app.models import Result
from app.services import outcomes, statistics
from app.services.memory import Memory
from app.services.outcomes import Ends, Use
from app.services.statistics import DETAIL, Bin, Grid, Statistics, Timeline
from app.states import LIVE

EVERY = 5.0
"""Seconds for which what a live result's executions use counts as known."""
LARGE = 5_000
"""Executions from which on a live result's figures may be a little old."""


@dataclass(frozen=True)
class Figures:
    """How long a result's executions took, when they ran, how they ended, and what they used."""

    statistics: Statistics
    histogram: list[Bin]
    timeline: Timeline
    ends: Ends
    use: Use


_summaries: Memory[int, Statistics] = Memory(statistics.summary)
_charts: Memory[int, tuple[list[Bin], Timeline]] = Memory(lambda result_id: (statistics.histogram(result_id), statistics.timeline(result_id)))
_ends: Memory[int, Ends] = Memory(lambda result_id: outcomes.ends(DETAIL.result_id == result_id))
_uses: Memory[int, Use] = Memory(lambda result_id: outcomes.use(DETAIL.result_id == result_id))
_grids: Memory[int, Grid] = Memory(statistics.grid)


def of(result: Result) -> Figures:
    """Return all of a result's figures."""
    histogram, timeline = _charts.get(result.id, result.revision, may_be_old(result))
    return Figures(times(result), histogram, timeline, ends(result), use(result))


def times(result: Result) -> Statistics:
    """Return how long a result's executions took and waited."""
    return _summaries.get(result.id, result.revision, may_be_old(result))


def ends(result: Result) -> Ends:
    """Return how a result's executions ended."""
    return _ends.get(result.id, result.revision, may_be_old(result))


def use(result: Result) -> Use:
    """Return what memory and CPU time a result's executions took, as far as they were looked at; of a live result as of a few seconds ago."""
    # Looking at what runs is no change of the result.
    moment = int(time.monotonic() / EVERY) if result.status in LIVE else 0
    return _uses.get(result.id, (result.revision, moment), may_be_old(result))


def grid(result: Result) -> Grid:
    """Return a result's grid as of its revision, which the caller read in the same transaction."""
    return _grids.get(result.id, result.revision)


def may_be_old(result: Result) -> bool:
    """Whether what these say of a result may be a little older than its revision."""
    return result.status in LIVE and result.times > LARGE
