"""A task's last results as small bars, each a link to its result."""

from collections import Counter
from collections.abc import Callable

from markupsafe import Markup

from app.pages.charts.svg import Box, banded, number, path, picture
from app.pages.words import counted, duration
from app.services.statistics import Past, Recent

SLOTS, SLOT, HEIGHT, LEAST = 20, 10.0, 32.0, 4.0
"""How many bars have room; units of a bar with the gap beside it, of the tallest and of the lowest."""


def bars(recent: Recent, url: Callable[[int], str], name: str) -> Markup:
    """Return the bars, the newest on the right, as high as they took long; `url` says where a result's page is.

    Links may not stand in an image, so this is a group; and twenty of them in each row of a list would make the way through it
    with the keyboard long, so the keyboard goes over the task's own page.
    """
    longest = max((past.duration or 0.0 for past in recent.results), default=0.0)
    left = (max(SLOTS, len(recent.results)) - len(recent.results)) * SLOT
    body = Markup("").join(_bar(past, left + place * SLOT, longest, url) for place, past in enumerate(recent.results))
    words = f"{len(recent.results)} results: {counted(Counter(past.status for past in recent.results))}."
    if recent.median is not None:
        words += f" Half of the executions took at most {duration(recent.median)}."
    return picture("bars", name, ("Last results", words), (max(SLOTS, len(recent.results)) * SLOT, HEIGHT), body, role="group")


def _bar(past: Past, x: float, longest: float, url: Callable[[int], str]) -> Markup:
    height = max(LEAST, HEIGHT * (past.duration or 0.0) / longest) if longest else LEAST
    shape = path(banded(Box(x + 1, HEIGHT - height, SLOT - 2, height), past.status, upright=True), f"s-{past.status.lower()}")
    words = f"Result {past.result_id}: {past.status.lower()}, {duration(past.duration)}"
    return Markup(
        '<a href="{}" tabindex="-1" aria-label="{}"><title>{}</title><rect x="{}" y="0" width="{}" height="{}" fill="none" pointer-events="all"/>{}</a>'
    ).format(url(past.result_id), words, words, number(x), number(SLOT), number(HEIGHT), shape)
