"""A result of 100,000: how long its submission, its cancelling and its deletion take, and how long others wait for the record meanwhile."""

import time
from collections.abc import Callable, Iterator

from tests.bench.report import Row, spread
from tests.bench.stage import Stage
from tests.support.estivador import Estivador

TIMES = 100_000
SUBMITTED, DELETED, KEPT_WAITING = 1.0, 5.0, 1.0
"""Seconds."""
LONGEST = 120.0


def measure(stage: Stage) -> Iterator[Row]:
    """Submit, cancel and delete it, and submit small ones while its rows are removed."""
    place, task = stage.fresh, stage.task
    result = 0

    def submit() -> None:
        nonlocal result
        result = place.run(task, times=TIMES, command="true", priority=-100, parallel=1)

    took = _seconds(submit)
    yield Row(f"POST times: {TIMES:,}", f"≤ {SUBMITTED:g} s", f"{took:.2f} s", took <= SUBMITTED)
    yield Row(f"CANCEL of {TIMES:,}", "", f"{_seconds(lambda: place.post(f'/result/{result}/', {'operation': 'CANCEL'})):.2f} s")
    place.until_ended(result)
    took = _seconds(lambda: place.request("DELETE", f"/result/{result}/"))
    yield Row(f"DELETE of {TIMES:,}", f"≤ {DELETED:g} s", f"{took:.2f} s", took <= DELETED)
    begun, waits = time.monotonic(), _waits(place, task, result)
    gone = time.monotonic() - begun
    measured = f"{len(waits)} POSTs in {gone:.1f} s: {spread(waits, 's', 2)}"
    yield Row("a POST while its rows are removed", f"≤ {KEPT_WAITING:g} s", measured, max(waits) <= KEPT_WAITING)


def _waits(place: Estivador, task: int, result: int) -> list[float]:
    """Submit small runs one after the other until the rows of `result` are gone; return how long each took in seconds."""
    waits: list[float] = []
    end = time.monotonic() + LONGEST
    while place.rows("SELECT 1 FROM detail WHERE result_id = ? LIMIT 1", result) and time.monotonic() < end:
        waits.append(_seconds(lambda: place.run(task, command="true", parallel=1)))
    return waits


def _seconds(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun
