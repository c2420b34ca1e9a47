"""The grid of a result: a shape for each execution or bucket of executions, by index from left to right and down."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from markupsafe import Markup

from app.pages.charts.svg import paths, picture
from app.pages.words import counted, executions
from app.services.statistics import Grid
from app.states import Status

CELL = 10
"""Units from a cell to the next; its shape has 8 of them."""

WIDEST = 16
"""Pixels of a cell where there is room; on a narrow screen it shrinks."""

SHAPES: dict[Status, tuple[int, int, str]] = {
    Status.COMPLETE: (1, 1, "h8v8h-8z"),
    Status.ERROR: (1, 1, "l4 3 4-3v8l-4-3-4 3z"),
    Status.KILLED: (5, 1, "l4 4-4 4-4-4z"),
    Status.CANCELLED: (3, 3, "h4v4h-4z"),
    Status.RUNNING: (5, 1, "a4 4 0 1 1-.1 0z"),
    Status.QUEUED: (4, 4, "h2v2h-2z"),
}
"""Where in its cell each shape begins, and its outline: square, notched square, diamond, small square, circle, dot."""

FIRST_SEEN = (Status.ERROR, Status.KILLED, Status.CANCELLED, Status.RUNNING, Status.QUEUED, Status.COMPLETE)
"""Which status of a bucket is shown: the first of these that is in it, so that one failure among fifty is seen."""


def grid(figures: Grid, name: str = "grid") -> Markup:
    """Return the grid; its data attributes let a script turn a place in it into an index."""
    data: dict[Status, list[str]] = defaultdict(list)
    at: dict[Status, tuple[int, int]] = {}
    for place, cell in enumerate(figures.cells):
        status = _shown(cell)
        if status is None:
            continue
        row, column = divmod(place, figures.columns)
        left, top, outline = SHAPES[status]
        x, y = column * CELL + left, row * CELL + top
        # Relative moves are the same for neighbours, which packs well.
        before = at.get(status)
        data[status].append((f"m{x - before[0]} {y - before[1]}" if before else f"M{x} {y}") + outline)
        at[status] = (x, y)
    rows = max(1, -(-len(figures.cells) // figures.columns))
    attributes = {"columns": figures.columns, "cell": CELL, "size": figures.size, "times": figures.times}
    return picture(
        "grid",
        name,
        ("Executions by index", _words(figures)),
        (figures.columns * CELL, rows * CELL),
        paths(data),
        data=attributes,
        width=figures.columns * WIDEST,
    )


def _shown(cell: Mapping[Status, int]) -> Status | None:
    return next((status for status in FIRST_SEEN if cell.get(status)), None)


def _words(figures: Grid) -> str:
    total: Counter[Status] = Counter()
    for cell in figures.cells:
        total.update(cell)
    text = f"{executions(figures.times)}, {figures.columns} cells in a row: {counted(total)}."
    if figures.size > 1:
        text += f" A cell stands for {figures.size:,} and shows error, killed, cancelled, running or queued, in this order, if any of them is; else complete."
    return text
