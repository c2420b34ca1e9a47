"""The first page that somebody opens, with nothing in the browser's cache."""

from collections.abc import Iterator

from tests.bench.browsing import Traffic, first_paint
from tests.bench.report import Row, median, spread
from tests.bench.stage import Stage

LOADS = 5
BYTES, REQUESTS, PAINT = 60 * 1024, 6, 300
LATE = 700
"""Milliseconds that are waited for what a page asks for after its load, such as its icon."""
PAGES = {"dashboard, signed in": ("/ui/", True), "login page": ("/ui/login/", False)}


def measure(stage: Stage) -> Iterator[Row]:
    """Load each cold, several times."""
    for name, (path, signed_in) in PAGES.items():
        loads = [_load(stage, path, signed_in) for _ in range(LOADS)]
        traffic = max((traffic for traffic, _ in loads), key=lambda traffic: len(traffic.requests))
        size, number, foreign = sum(seen.bytes for seen in traffic.requests), len(traffic.requests), len(traffic.elsewhere(stage.full.url("")))
        yield Row(
            f"cold {name}",
            "≤ 60 KB, ≤ 6 requests, 0 elsewhere",
            f"{size / 1024:.1f} KB, {number} requests ({', '.join(seen.path.rsplit('/', 1)[-1] or seen.path for seen in traffic.requests)}), {foreign} elsewhere",
            size <= BYTES and number <= REQUESTS and not foreign,
        )
        paints = [paint for _, paint in loads]
        yield Row(f"first contentful paint, {name}", f"≤ {PAINT} ms", spread(paints), median(paints) <= PAINT)


def _load(stage: Stage, path: str, signed_in: bool) -> tuple[Traffic, float]:
    with stage.page(stage.full, signed_in) as page:
        traffic = Traffic(page, cache=False)
        page.goto(path)
        paint = first_paint(page)
        page.wait_for_timeout(LATE)
        return traffic, paint
