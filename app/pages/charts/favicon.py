"""The icon in a browser's tab: a square whose mark says how it stands. It is an image of its own, so it brings its colours."""

from collections.abc import Mapping
from typing import Literal

from markupsafe import Markup

from app.states import Status

Mark = Literal["idle", "running", "failed", "complete"]

MARKS: dict[Mark, tuple[str, str]] = {
    "idle": ("#cbd5e1", "M4 7h8v2H4z"),
    "running": ("#7dd3fc", "M5 3l8 5-8 5z"),
    "failed": ("#fca5a5", "M5 3l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3-3-3z"),
    "complete": ("#86efac", "M3 8l2-2 2 2 4-4 2 2-6 6z"),
}
"""The colour and the shape of each: a dash, a triangle, a cross, a tick."""


def mark_of(counts: Mapping[Status, int]) -> Mark:
    """Return the mark for these counts: what runs comes first, then what failed."""
    if counts.get(Status.RUNNING):
        return "running"
    if counts.get(Status.ERROR) or counts.get(Status.KILLED):
        return "failed"
    return "complete" if counts.get(Status.COMPLETE) and not counts.get(Status.QUEUED) else "idle"


def favicon(mark: Mark) -> Markup:
    """Return the icon as a document of its own."""
    colour, shape = MARKS[mark]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 16 16" preserveAspectRatio="xMidYMid meet">'
        '<title>Estivador</title><desc>{}</desc><rect width="16" height="16" rx="3" fill="#1e293b"/><path fill="{}" d="{}"/></svg>'
    ).format(mark, colour, shape)
