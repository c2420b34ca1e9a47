"""Removing many executions with real processes: others write meanwhile, and a consumer that is killed in the middle loses nothing."""

import sqlite3
from contextlib import closing

from tests.support.estivador import Estivador
from tests.support.stepping import IMAGE
from tests.support.waiting import until


def ended_result(place: Estivador, times: int) -> int:
    """A result whose executions have ended; no Engine was asked."""
    task_id = int(place.post("/task/", {"repository": "nobody/asks-for-this", "pull": "never"})["task_id"])
    with closing(sqlite3.connect(place.folder / "estivador.db", timeout=10)) as record, record:
        record.execute("UPDATE task SET status = 'READY', image_id = ? WHERE id = ?", (IMAGE, task_id))
    result_id = place.run(task_id, times=times)
    place.post(f"/result/{result_id}/", {"operation": "CANCEL"})
    return result_id


def left(place: Estivador) -> int:
    return int(place.rows("SELECT count(*) FROM detail WHERE result_id = 1")[0][0])


def test_others_write_while_a_large_result_is_removed(instance: Estivador) -> None:
    times = 30_000
    result_id = ended_result(instance, times)
    assert instance.request("DELETE", f"/result/{result_id}/").status_code == 204
    assert left(instance) == times, "it is answered before the rows go"
    # An Engine that is out: what is submitted meanwhile waits, and nothing but the removal has work.
    instance.start_consumer(DOCKER_HOST=f"unix://{instance.folder}/nobody.sock")
    until(lambda: left(instance) < times, 60, "the removal has begun")
    others = 0
    while left(instance) > 0:
        instance.run(1)
        others += 1
    assert others > 3
    until(lambda: instance.rows("SELECT id FROM result WHERE id = ?", result_id) == [], 60, "the row is removed too")


def test_a_removal_that_is_killed_in_the_middle_goes_on(instance: Estivador) -> None:
    times = 20_000
    result_id = ended_result(instance, times)
    assert instance.request("DELETE", f"/result/{result_id}/").status_code == 204
    before = times
    for _ in range(3):
        consumer = instance.start_consumer(DOCKER_HOST=f"unix://{instance.folder}/nobody.sock")
        until(lambda before=before: left(instance) < before, 60, "some more are removed")  # type: ignore[misc]
        instance.end(consumer)
        before = left(instance)
    assert 0 < before < times
    assert instance.rows("SELECT count(*) FROM history WHERE kind = 'detail'") == [(before,)], "each with its history, or none of it"
    for path in instance.folder.glob("queue.db*"):
        path.unlink()
    instance.start_consumer(DOCKER_HOST=f"unix://{instance.folder}/nobody.sock")
    until(lambda: instance.rows("SELECT id FROM result") == [], 60, "all of it is removed, though every message is lost")
    assert (left(instance), instance.rows("SELECT count(*) FROM history WHERE kind = 'detail'")) == (0, [(0,)])
