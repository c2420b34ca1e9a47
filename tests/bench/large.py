"""A result of 10,000 executions: how soon it answers and is painted, and how large its page is."""

from collections.abc import Callable, Iterator

from tests.bench.browsing import first_paint, loaded
from tests.bench.report import Row, median, rank, spread
from tests.bench.stage import Stage
from tests.bench.wire import Wire

REQUESTS, LOADS = 20, 5
FIRST_BYTE, PAINT, BYTES, ELEMENTS = 250, 500, 80 * 1024, 2500


def measure(stage: Stage) -> Iterator[Row]:
    """Look at the one that has ended and at the one with 2,000 waiting."""
    stored = stage.stored
    waiting = iter(stored.waiting(stored.live))
    yield from _measure(stage, "10,000, ended", stored.large, lambda: stored.touch(stored.large))
    yield from _measure(stage, "10,000, live", stored.live, lambda: stored.cancel(stored.live, next(waiting)))


def _measure(stage: Stage, name: str, result: int, change: Callable[[], None]) -> Iterator[Row]:
    path = f"/ui/result/{result}/"
    new, known = [], []
    with Wire(stage.full) as wire:
        for _ in range(REQUESTS):
            change()
            new.append(wire.get(path).first)
            answer = wire.get(path)
            known.append(answer.first)
    yield Row(f"{name}: first byte after a change", f"≤ {FIRST_BYTE} ms", spread(new), rank(new, 95) <= FIRST_BYTE)
    yield Row(f"{name}: first byte without one", f"≤ {FIRST_BYTE} ms", spread(known), rank(known, 95) <= FIRST_BYTE)
    paints, loads, elements = zip(*(_paint(stage, path) for _ in range(LOADS)), strict=True)
    measured = f"first contentful paint {spread(paints)}; load {spread(loads)}"
    yield Row(f"{name}: paint", f"≤ {PAINT} ms", measured, median(paints) <= PAINT and median(loads) <= PAINT)
    size = len(answer.body)
    encoding = answer.headers["Content-Encoding"] or "not compressed"
    yield Row(f"{name}: document", "≤ 80 KB compressed", f"{size / 1024:.1f} KB ({encoding})", size <= BYTES)
    yield Row(f"{name}: elements", f"≤ {ELEMENTS:,}", f"{max(elements):,}", max(elements) <= ELEMENTS)


def _paint(stage: Stage, path: str) -> tuple[float, float, int]:
    with stage.page(stage.full) as page:
        page.goto(path)
        return first_paint(page), loaded(page), page.evaluate("document.querySelectorAll('*').length")
