"""Why an execution waits, as it is told to who asks."""

import re

from tests.support.estivador import Estivador


def waits(place: Estivador, result_id: int) -> str:
    return str(place.details(result_id)[-1]["waits_for"])


def test_what_waits_says_why(instance: Estivador, busybox_image: str) -> None:
    consumer = instance.start_consumer(ESTIVADOR_SLOTS="3")
    task_id = instance.register(busybox_image)
    limited = instance.run(task_id, times=3, command="sleep 60", parallel=2)
    instance.until_result(limited, lambda result: result["counts"]["RUNNING"] == 2)
    assert waits(instance, limited) == "parallel 2 reached"
    other = instance.run(task_id, times=2, command="sleep 60")
    instance.until_result(other, lambda result: result["counts"]["RUNNING"] == 1)
    assert waits(instance, other) == f"3 of 3 slots taken by result {limited} (2), result {other} (1)"
    running_now = instance.details(limited)[0]
    assert (running_now["status"], running_now["waits_for"]) == ("RUNNING", None)
    instance.post(f"/result/{other}/", {"operation": "KILL"})
    instance.until_ended(other)
    retried = instance.run(task_id, command="false", retries=1, retry_delay=600)
    found = instance.until_answer(f"/result/{retried}/detail/", lambda rows: rows[0]["attempt"] == 2, 20)[0]
    assert re.fullmatch(r"retry in (59\d|600) s \(attempt 2\)", found["waits_for"])
    instance.end(consumer)
    instance.until_answer(f"/result/{limited}/detail/?status=QUEUED", lambda rows: rows[0]["waits_for"] == "no consumer is alive", 30)
    instance.start_consumer()
    for result_id in (limited, retried):
        instance.post(f"/result/{result_id}/", {"operation": "KILL"})
        instance.until_ended(result_id)
