"""Puts into an Estivador what a page can have to show: a task, and a result of every kind."""

import signal
from dataclasses import dataclass

from tests.support.estivador import Estivador

FAILS = 'echo "execution $ESTIVADOR_INDEX of $ESTIVADOR_TIMES"; if [ "$ESTIVADOR_INDEX" -ge 3 ]; then echo "no cargo" >&2; exit 3; fi'


@dataclass(frozen=True)
class Seeded:
    """The numbers of what was put there. Tests look at these and leave them as they are."""

    task: int
    """READY, from the busybox image, named "seeded"."""
    complete: int
    """A result of 3 executions that all printed a line and ended with 0."""
    errors: int
    """A result of 5 executions, of which 3 and 4 (by index) wrote "no cargo" to stderr and ended with 3."""
    running: int
    """A result of 2 executions that print "at sea" and sleep."""
    cancelled: int
    """A result of 2 executions that never started."""


def sow(place: Estivador, image: str) -> Seeded:
    """Bring it all about, by the REST API; the web side runs already, a consumer runs afterwards."""
    consumer = place.start_consumer()
    task = place.register(image, name="seeded")
    complete = place.run(task, times=3, command="echo cargo")
    errors = place.run(task, times=5, command=["sh", "-c", FAILS])
    place.until_ended(complete)
    place.until_ended(errors)
    place.end(consumer, signal.SIGTERM)  # so that what is cancelled has not started, for certain
    cancelled = place.run(task, times=2, command="true")
    place.post(f"/result/{cancelled}/", {"operation": "CANCEL"})
    place.start_consumer()
    running = place.run(task, times=2, command=["sh", "-c", "echo at sea; sleep 3600"])
    place.until_result(running, lambda result: result["counts"]["RUNNING"] == 2)
    return Seeded(task, complete, errors, running, cancelled)


def end_all(place: Estivador) -> None:
    """Kill what still runs or waits, and wait until it has ended."""
    for result in place.get("/result/?status=QUEUED&status=RUNNING&page_size=100"):
        place.request("POST", f"/result/{result['result_id']}/", json={"operation": "KILL"})
        place.until_ended(result["result_id"])
