"""The progress bar of a result: a segment for each status."""

from collections.abc import Mapping

from markupsafe import Markup

from app.pages.charts.svg import Box, banded, paths, picture
from app.pages.words import ORDER, counted, executions
from app.states import LIVE, Status

LENGTH, HEIGHT, LEAST = 1000.0, 24.0, 5.0
"""Units; the bar is stretched to the room it gets, and a segment that isn't empty has at least half a hundredth of it."""


def bar(counts: Mapping[Status, int], times: int, label: str, name: str = "bar") -> Markup:
    """Return the bar of a result of `times` executions; `label` is its title."""
    data, x = {}, 0.0
    for status, length in _lengths(counts).items():
        data[status] = [banded(Box(x, 0, length, HEIGHT), status, upright=False)]
        x += length
    ended = sum(number for status, number in counts.items() if status not in LIVE)
    words = f"{ended:,} of {executions(times)} ended: {counted(counts)}."
    return picture("bar", name, (label, words), (LENGTH, HEIGHT), paths(data), stretched=True)


def _lengths(counts: Mapping[Status, int]) -> dict[Status, float]:
    """Share the length out; what the small segments get on top, the others lack in proportion."""
    there = {status: counts[status] for status in ORDER if counts.get(status)}
    total = sum(there.values())
    small = {status for status, number in there.items() if number * LENGTH < LEAST * total}
    rest = sum(number for status, number in there.items() if status not in small)
    room = LENGTH - LEAST * len(small)
    return {status: LEAST if status in small else number * room / rest for status, number in there.items()}
