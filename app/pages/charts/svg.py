"""What the charts share: the picture around them, numbers, labels, and how a status looks without its colour."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from markupsafe import Markup

from app.pages.words import ORDER
from app.states import Status

WIDTH = 320
"""Units across a chart with labels: on the narrowest screen a unit is a pixel, so that a label of 12 can be read."""

BANDS: dict[Status, tuple[tuple[float, float], ...]] = {
    Status.COMPLETE: ((0, 1),),
    Status.ERROR: ((0, 0.36), (0.64, 1)),
    Status.KILLED: ((0.15, 0.85),),
    Status.CANCELLED: ((0.32, 0.68),),
    Status.RUNNING: ((0, 0.2), (0.4, 0.6), (0.8, 1)),
    Status.QUEUED: ((0.44, 0.56),),
}
"""Which parts of a bar's thickness are filled: whole, slit, narrow, narrower, striped, a line. So no status is told by colour alone."""


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


def number(value: float) -> str:
    """Write a coordinate, rounded to one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def banded(box: Box, status: Status, upright: bool) -> str:
    """Return path data of a bar that looks like its status; the thickness of an upright one is its width."""
    parts = []
    for low, high in BANDS[status]:
        if upright:
            part = Box(box.x + low * box.width, box.y, (high - low) * box.width, box.height)
        else:
            part = Box(box.x, box.y + low * box.height, box.width, (high - low) * box.height)
        wide, high_ = number(part.width), number(part.height)
        parts.append(f"M{number(part.x)} {number(part.y)}h{wide}v{high_}h-{wide}z")
    return "".join(parts)


def paths(data: Mapping[Status, Iterable[str]]) -> Markup:
    """Return one path a status, of those that have any data."""
    joined = ((status, "".join(data.get(status, ()))) for status in ORDER)
    return Markup("").join(path(line, f"s-{status.lower()}") for status, line in joined if line)


def path(data: str, classes: str) -> Markup:
    """Return a path."""
    return Markup('<path class="{}" d="{}"/>').format(classes, data)


def label(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    """Return a label whose start, middle or end stands at `x`."""
    return Markup('<text class="label" x="{}" y="{}" font-size="12" text-anchor="{}">{}</text>').format(number(x), number(y), anchor, text)


def picture(
    kind: str, name: str, words: tuple[str, str], size: tuple[float, float], body: Markup, *,
    data: Mapping[str, int] | None = None, stretched: bool = False, role: str = "img", width: float | None = None,
) -> Markup:  # fmt: skip
    """Return the SVG around `body`: `words` are its title and its description, whose ids are `name` with -t and -d."""
    attributes = Markup("").join(Markup(' data-{}="{}"').format(key, value) for key, value in (data or {}).items())
    return Markup(
        '<svg id="{name}" class="chart {kind}" role="{role}" aria-labelledby="{name}-t" aria-describedby="{name}-d"'
        ' viewBox="0 0 {width} {height}" preserveAspectRatio="{fit}"{attributes}{wide}>'
        '<title id="{name}-t">{title}</title><desc id="{name}-d">{desc}</desc>{body}</svg>'
    ).format(
        name=name, kind=kind, role=role, width=number(size[0]), height=number(size[1]), fit="none" if stretched else "xMidYMid meet",
        attributes=attributes, wide="" if width is None else Markup(' width="{}"').format(number(width)), title=words[0], desc=words[1], body=body,
    )  # fmt: skip
