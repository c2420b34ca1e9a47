"""The figures behind a result's charts. Those of a large result that is live are worked out every few seconds, not at each change."""

import threading
import time
from dataclasses import dataclass

from app.services import statistics
from app.services.statistics import Bin, Statistics, Timeline
from app.states import LIVE

LARGE = 5_000
"""Executions from which on a live result's figures may be a little old; its counts and its grid never are."""
KEPT = 32
"""Results whose figures this process remembers."""


@dataclass(frozen=True)
class Figures:
    """Durations and their shape over one result, as of `revision`, worked out at `at` (monotonic seconds) in `took` seconds."""

    revision: int
    at: float
    took: float
    statistics: Statistics
    histogram: list[Bin]
    timeline: Timeline


_known: dict[int, Figures] = {}
_lock = threading.Lock()


def of(result_id: int, revision: int, times: int, status: str) -> Figures:
    """Return a result's figures, from memory where they still hold."""
    known = _known.get(result_id)
    if known is not None and (known.revision == revision or (status in LIVE and times > LARGE and _is_fresh(known))):
        return known
    begun = time.monotonic()
    found = (statistics.summary(result_id), statistics.histogram(result_id), statistics.timeline(result_id))
    figures = Figures(revision, time.monotonic(), time.monotonic() - begun, *found)
    with _lock:
        _known.pop(result_id, None)
        _known[result_id] = figures
        while len(_known) > KEPT:
            del _known[next(iter(_known))]
    return figures


def _is_fresh(known: Figures) -> bool:
    """What took long to work out is kept longer: at most a twentieth of the time goes into it."""
    return time.monotonic() - known.at < 20 * known.took
