"""How quick the API is while containers take all that they can get: a fork bomb, and a hog that the kernel ends again and again."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import requests

from tests.bench.report import Row, rank, spread
from tests.bench.stage import Stage
from tests.support.estivador import Estivador
from tests.support.waiting import until

SECONDS = 12.0
CLIENTS = 4
FIGURE = 1000.0
"""Milliseconds."""
BOMB = ["sh", "-c", "bomb() { bomb | bomb & }; bomb; exec tail -f /dev/null"]
HOG = ["sh", "-c", "while true; do tail /dev/zero; done"]


def measure(stage: Stage) -> Iterator[Row]:
    """Ask for 12 s, four at a time, what a script asks for: nothing else is limited than what each execution may hold of memory."""
    place, task = stage.fresh, stage.task
    paths = ["/health/", "/task/", f"/task/{task}/", "/result/", "/result/?status=RUNNING", "/engine/"]
    yield _row("API while nothing runs", _ask(place, paths), None)
    results = [place.run(task, command=command, memory="64m", timeout=20, stop_grace=0) for command in (BOMB, HOG)]
    for result in results:
        place.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    bomb = place.details(results[0])[0]["container_id"]
    processes = until(lambda: _many(stage, bomb), 60, "the bomb has gone off")
    took = _ask(place, [*paths, *(f"/result/{result}/" for result in results), f"/result/{results[0]}/detail/"])
    still = [place.get(f"/result/{result}/")["status"] for result in results]
    for result in results:
        place.until_ended(result)
    assert still == ["RUNNING"] * 2, f"they were over before all was measured: {still}"
    yield _row(f"API while a fork bomb ({processes} processes) and a memory hog run", took, FIGURE)


def _many(stage: Stage, container: str) -> int:
    count = int(stage.docker.api.stats(container, stream=False)["pids_stats"].get("current", 0))
    return count if count > 400 else 0


def _ask(place: Estivador, paths: list[str]) -> list[float]:
    """Return how many milliseconds each answer took, of all clients."""
    end, headers = time.monotonic() + SECONDS, {"Authorization": f"Bearer {place.token}"}

    def client(first: int) -> list[float]:
        took = []
        with requests.Session() as session:
            session.trust_env = False
            for path in cycle(paths[first % len(paths) :] + paths[: first % len(paths)]):
                begun = time.monotonic()
                if begun >= end:
                    return took
                answer = session.get(place.url(path), headers=headers, timeout=30)
                assert answer.status_code == 200, answer.text
                took.append(1000 * (time.monotonic() - begun))
        raise AssertionError

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for found in pool.map(client, range(CLIENTS)) for each in found]


def _row(what: str, took: list[float], figure: float | None) -> Row:
    measured = f"{spread(took)}; {len(took)} answers; load {os.getloadavg()[0]:.1f}"
    return Row(what, f"p95 < {figure / 1000:g} s" if figure else "", measured, rank(took, 95) < figure if figure else None)
