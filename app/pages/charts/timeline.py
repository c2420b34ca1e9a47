"""The timeline of a result: each execution as a bar from its start to its end, or how many ran at once."""

from collections import Counter, defaultdict

from markupsafe import Markup

from app.pages.charts.svg import WIDTH, Box, banded, label, number, path, paths, picture
from app.pages.words import counted, duration, executions
from app.services.statistics import Timeline
from app.states import Status

LEFT, RIGHT = 2.0, WIDTH - 2.0
TALLEST, ROW, THIN, LEAST = 120.0, 8.0, 3.0, 1.0
"""Units: the height of all rows together at most, of one row at most, of one too thin for bands, and the least length of a bar."""


def timeline(figures: Timeline, name: str = "timeline") -> Markup:
    """Return the timeline; where nothing has started, a picture that says so."""
    if figures.begin is None or figures.end is None:
        nothing = "No execution has started yet."
        return picture("timeline", name, ("Timeline", nothing), (WIDTH, 24), label(WIDTH / 2, 16, nothing, "middle"))
    length = figures.end - figures.begin
    body, bottom = _rows(figures) if figures.spans else _steps(figures)
    body += path(f"M{number(LEFT)} {number(bottom + 1)}H{number(RIGHT)}", "axis")
    body += label(LEFT, bottom + 15, "first start") + label(RIGHT, bottom + 15, f"+ {duration(length)}", "end")
    body += label(WIDTH / 2, bottom + 15, f"most at once: {figures.peak:,}", "middle")
    words = f"{executions(figures.started)} started, over {duration(length)}, at most {figures.peak:,} at once."
    if figures.spans:
        words += f" Of these: {counted(Counter(span.status for span in figures.spans))}."
    return picture("timeline", name, ("Timeline", words), (WIDTH, bottom + 20), body)


def _x(figures: Timeline, time: float) -> float:
    begin, end = figures.begin or 0.0, figures.end or 0.0
    return LEFT + ((time - begin) / (end - begin) if end > begin else 0.0) * (RIGHT - LEFT)


def _rows(figures: Timeline) -> tuple[Markup, float]:
    """Draw a row for each execution; return the picture and how high it is."""
    data: dict[Status, list[str]] = defaultdict(list)
    height = min(ROW, TALLEST / len(figures.spans))
    for place, span in enumerate(figures.spans):
        x = _x(figures, span.start)
        until = _x(figures, figures.end or 0.0) if span.end is None else _x(figures, span.end)
        width = max(LEAST, until - x)
        box = Box(min(x, RIGHT - width), place * height, width, height)
        # In a thin row the bands of a failure would fade away; the grid tells the statuses apart by shape.
        data[span.status].append(banded(box, span.status if height >= THIN else Status.COMPLETE, upright=False))
    return paths(data), height * len(figures.spans)


def _steps(figures: Timeline) -> tuple[Markup, float]:
    """Draw how many ran at once as an area of steps; return the picture and how high it is."""
    parts, before = [f"M{number(LEFT)} {number(TALLEST)}"], 0
    for point in figures.points:
        if point.running != before:
            parts.append(f"H{number(_x(figures, point.time))}V{number(TALLEST - point.running * (TALLEST - 4) / max(1, figures.peak))}")
            before = point.running
    parts.append(f"H{number(RIGHT)}V{number(TALLEST)}z")
    return path("".join(parts), "s-running"), TALLEST
