"""Whether all numbers on a result's page agree with each other and with the API, in every poll while it runs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import Row
from tests.bench.stage import Stage
from tests.support.estivador import Estivador

TIMES, POLLS = 200, 30
PAUSE = 400
"""Milliseconds between polls; a page asks every two seconds, and is woken here in between."""
WORDS = ("QUEUED", "RUNNING", "COMPLETE", "ERROR", "CANCELLED", "KILLED")
# After each swap: what the bar, the filters and the grid say, and how many shapes of each status the grid really has.
TELL_COUNTS = """words => {
    window.polls = [];
    const said = id => Object.fromEntries([...document.getElementById(id).textContent.matchAll(/([\\d,]+) (queued|running|complete|error|cancelled|killed)/g)]
        .map(([, number, word]) => [word.toUpperCase(), Number(number.replaceAll(',', ''))]));
    const shapes = word => (document.querySelector(`#grid path.s-${word.toLowerCase()}`)?.getAttribute('d').match(/m/gi) ?? []).length;
    const all = found => Object.fromEntries(words.map(word => [word, found(word)]));
    document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
        if (ctx.sourceElement.id !== 'live' || ctx.response.status !== 200) return;
        const bar = said('bar-d'), grid = said('grid-d');
        window.polls.push({
            revision: ctx.response.headers.get('ETag').match(/\\d+/)[0],
            bar: all(word => bar[word] ?? 0),
            filters: all(word => Number(document.querySelector(`#filter-${word} b`).textContent.replaceAll(',', ''))),
            grid: all(word => grid[word] ?? 0),
            shapes: all(shapes),
        });
    });
}"""
WAKE = "document.dispatchEvent(new Event('wake'))"


@dataclass
class Sampler:
    """Asks the API for a result again and again, and remembers its counts by revision."""

    place: Estivador
    result: int
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def __enter__(self) -> "Sampler":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = self.place.request("GET", f"/result/{self.result}/")
            result = json.loads(answer.content)
            self.counts[str(result["revision"])] = result["counts"]


def measure(stage: Stage) -> Iterator[Row]:
    """Run 200 short executions and look at the page as often as it takes to see 30 polls that the API was asked at, too."""
    place = stage.fresh
    with stage.page(place) as page:
        result = place.run(stage.task, times=TIMES, command=["sh", "-c", "test $((ESTIVADOR_INDEX % 10)) != 7"])
        page.goto(f"/ui/result/{result}/")
        page.evaluate(TELL_COUNTS, list(WORDS))
        with Sampler(place, result) as sampler:
            while page.locator("#live[hx-get]").count() and len(_both(page.evaluate("window.polls"), sampler.counts)) < POLLS:
                page.evaluate(WAKE)
                page.wait_for_timeout(PAUSE)
        polls: list[dict[str, Any]] = page.evaluate("window.polls")
    yield _row(polls, _both(polls, sampler.counts))


def _both(polls: list[dict[str, Any]], counts: dict[str, dict[str, int]]) -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Return the polls whose revision the API answered, too, with what it said."""
    return [(poll, counts[poll["revision"]]) for poll in polls if poll["revision"] in counts]


def _row(polls: list[dict[str, Any]], both: list[tuple[dict[str, Any], dict[str, int]]]) -> Row:
    wrong = [poll for poll in polls if not poll["bar"] == poll["filters"] == poll["grid"] == poll["shapes"] or sum(poll["bar"].values()) != TIMES]
    wrong += [{**poll, "api": said} for poll, said in both if poll["bar"] != {word: said.get(word, 0) for word in WORDS}]
    measured = f"{len(polls)} polls, {len(both)} of them at a revision that the API was asked at: {len(wrong)} disagree"
    if wrong:
        measured += f", such as {wrong[0]}"
    return Row("bar = filters = grid = API", "in every poll", measured, not wrong and len(both) >= POLLS)
