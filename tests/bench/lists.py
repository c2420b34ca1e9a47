"""How soon any list or detail page answers, with 100,000 executions stored."""

from collections import defaultdict
from collections.abc import Iterator

from tests.bench.report import Row, rank, spread
from tests.bench.stage import Stage
from tests.bench.stored import Stored
from tests.bench.wire import Wire

ROUNDS = 40
FIRST_BYTE = 100


def measure(stage: Stage) -> Iterator[Row]:
    """Ask for one page after the other, round by round, so that what disturbs the machine meets all of them."""
    pages, times = _pages(stage.stored), defaultdict(list)
    with Wire(stage.full) as wire:
        for _ in range(ROUNDS):
            for name, path in pages.items():
                times[name].append(wire.get(path).first)
    for name, values in times.items():
        yield Row(f"first byte, {name}", f"p95 ≤ {FIRST_BYTE} ms", spread(values), rank(values, 95) <= FIRST_BYTE)


def _pages(stored: Stored) -> dict[str, str]:
    result, detail = stored.logged
    return {
        "dashboard": "/ui/",
        "tasks": "/ui/task/",
        "tasks, text": "/ui/task/?text=tool-1",
        "task": f"/ui/task/{stored.task}/",
        "results": "/ui/result/",
        "results, ERROR since 24 h": "/ui/result/?status=ERROR&from=24h",
        "results, text": "/ui/result/?text=tool-1",
        "results, page 5": "/ui/result/?page=5",
        "result of 100": f"/ui/result/{stored.small}/",
        "result of 10,000": f"/ui/result/{stored.large}/",
        "result of 10,000, page 50": f"/ui/result/{stored.large}/?page=50",
        "result of 10,000, ERROR": f"/ui/result/{stored.large}/?status=ERROR",
        "execution": f"/ui/result/{result}/detail/{detail + 1}/",
        "engines": "/ui/engine/",
        "tokens": "/ui/token/",
        "API": "/ui/api/",
    }
