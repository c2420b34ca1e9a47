"""The histogram of a result's durations, with the marks of its median and its 95th percentile."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from app.pages.charts.svg import WIDTH, Box, banded, label, number, path, paths, picture
from app.pages.words import ORDER, counted, duration, executions
from app.services.statistics import Bin, Summary
from app.states import Status

LEFT, RIGHT, TOP, BOTTOM = 2.0, WIDTH - 2.0, 32.0, 126.0
TALLEST = 86.0
"""Units of the tallest bar; what is above is for the least height of small segments."""

LEAST = 1.5
HEIGHT = 144.0


def histogram(bins: Sequence[Bin], summary: Summary | None, name: str = "histogram") -> Markup:
    """Return the histogram; with no bins, a picture that says so."""
    if not bins:
        nothing = "No execution has ended yet."
        return picture("histogram", name, ("Durations", nothing), (WIDTH, 24), label(WIDTH / 2, 16, nothing, "middle"))
    peak = max(sum(one.counts.values()) for one in bins)
    body = paths(_bars(bins, peak)) + path(f"M{number(LEFT)} {number(BOTTOM)}H{number(RIGHT)}", "axis")
    if summary is not None:
        body += _marks(bins, summary)
    body += label(LEFT, HEIGHT - 4, duration(bins[0].low)) + label(RIGHT, HEIGHT - 4, duration(bins[-1].high), "end")
    body += label(WIDTH / 2, HEIGHT - 4, f"tallest: {peak:,}", "middle")
    return picture("histogram", name, ("Durations", _words(bins, summary)), (WIDTH, HEIGHT), body)


def _bars(bins: Sequence[Bin], peak: int) -> dict[Status, list[str]]:
    """Stack each bin's counts, from the axis up."""
    data: dict[Status, list[str]] = defaultdict(list)
    width = (RIGHT - LEFT) / len(bins)
    for place, one in enumerate(bins):
        y = BOTTOM
        for status in ORDER:
            if one.counts.get(status):
                height = max(LEAST, one.counts[status] * TALLEST / peak)
                y -= height
                data[status].append(banded(Box(LEFT + place * width + 0.5, y, width - 1, height), status, upright=True))
    return data


def _marks(bins: Sequence[Bin], summary: Summary) -> Markup:
    """Draw the two marks, each with its label in a line of its own, so that they never cover one another."""
    low, high = bins[0].low, bins[-1].high
    lines, labels = [], Markup("")
    for text, value, y in (("p50", summary.p50, 11.0), ("p95", summary.p95, 25.0)):
        x = LEFT + min(1.0, max(0.0, (value - low) / (high - low))) * (RIGHT - LEFT)
        lines.append(f"M{number(x)} {number(y - 9)}V{number(BOTTOM)}")
        on_the_left = x > WIDTH * 0.6
        labels += label(x - 4 if on_the_left else x + 4, y, f"{text} {duration(value)}", "end" if on_the_left else "start")
    return path("".join(lines), "mark") + labels


def _words(bins: Sequence[Bin], summary: Summary | None) -> str:
    total: Counter[Status] = Counter()
    for one in bins:
        total.update(one.counts)
    most = max(bins, key=lambda one: sum(one.counts.values()))
    text = f"{executions(total.total())} ended: {counted(total)}."
    if summary is not None:
        text += f" The shortest took {duration(summary.minimum)}, half at most {duration(summary.p50)} (p50), 95 of 100 at most {duration(summary.p95)} (p95),"
        text += f" the longest {duration(summary.maximum)}."
    return f"{text} Most, {sum(most.counts.values()):,}, took {duration(most.low)} to {duration(most.high)}."
