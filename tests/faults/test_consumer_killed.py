"""The consumer dies by SIGKILL; an independent recorder of the Engine's events counts the starts."""

import random
import signal
import sqlite3

import pytest
from docker import DockerClient

from app.config import FAILPOINTS
from tests.support.estivador import ENDED, Estivador
from tests.support.recorder import Recorder
from tests.support.waiting import until

KILLS = 20
TIMES = 200


def prove(place: Estivador, recorder: Recorder, client: DockerClient, result_id: int) -> None:
    """Each execution: its container's own exit code, one start an attempt, its log, and nothing left behind."""
    for row in place.details(result_id):
        assert (row["exit_code"], row["status"]) == (row["index"] % 3, "COMPLETE" if row["index"] % 3 == 0 else "ERROR"), row
        died = [event.exit_code for event in recorder.of(row["container_id"]) if event.action == "die"]
        assert died == [row["exit_code"]], row
    starts = recorder.starts()
    assert len(starts) == place.get(f"/result/{result_id}/")["times"]
    assert set(starts.values()) == {1}
    assert {row["index"]: place.log(row) for row in place.details(result_id)} == {row["index"]: f"hello {row['index']}\n" for row in place.details(result_id)}
    until(lambda: not place.containers(client), 60, "no container is left")
    assert not [path for path in (place.folder / "logs").rglob("*") if path.is_file() and path.suffix != ".log"]


def submit(place: Estivador, image: str, times: int) -> int:
    return place.run(place.register(image), times=times, command=["sh", "-c", "echo hello $ESTIVADOR_INDEX; sleep 0.2; exit $((ESTIVADOR_INDEX % 3))"])


@pytest.mark.timeout(900)
def test_twenty_kills_during_two_hundred_executions_lose_and_repeat_nothing(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    chance = random.Random(20)
    consumer = instance.start_consumer()
    result_id = submit(instance, busybox_image, TIMES)
    for _ in range(KILLS):
        goal = ended(instance, result_id) + chance.randint(2, 9)
        until(lambda goal=goal: ended(instance, result_id) >= min(goal, TIMES), 60, "a few more have ended")  # type: ignore[misc]
        instance.end(consumer)
        consumer = instance.start_consumer()
    instance.until_ended(result_id, timeout=600)
    prove(instance, recorder, docker_client, result_id)


def ended(place: Estivador, result_id: int) -> int:
    counts = place.get(f"/result/{result_id}/")["counts"]
    return sum(counts[status] for status in ENDED)


@pytest.mark.parametrize("failpoint", [step for step in FAILPOINTS if step != "retried"])
def test_a_kill_at_each_step_loses_and_repeats_nothing(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient, failpoint: str
) -> None:
    doomed = instance.start_consumer(ESTIVADOR_FAILPOINT=failpoint)
    result_id = submit(instance, busybox_image, 4)
    assert doomed.wait(30) == -signal.SIGKILL
    instance.start_consumer()
    instance.until_ended(result_id)
    prove(instance, recorder, docker_client, result_id)


def test_a_lost_queue_loses_nothing(instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    consumer = instance.start_consumer()
    task_id = instance.register(busybox_image)
    instance.end(consumer)
    command = ["sh", "-c", "echo hello $ESTIVADOR_INDEX; sleep 0.2; exit $((ESTIVADOR_INDEX % 3))"]
    result_id = instance.run(task_id, times=10, command=command)
    for path in instance.folder.glob("queue.db*"):
        path.unlink()
    instance.start_consumer()
    instance.until_ended(result_id, timeout=30)
    prove(instance, recorder, docker_client, result_id)


def test_messages_that_come_ten_times_start_nothing_twice(instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    consumer = instance.start_consumer()
    task_id = instance.register(busybox_image)
    instance.end(consumer)
    result_id = instance.run(task_id, times=10, command=["sh", "-c", "echo hello $ESTIVADOR_INDEX; sleep 0.2; exit $((ESTIVADOR_INDEX % 3))"])
    with sqlite3.connect(instance.folder / "queue.db") as queue:
        for _ in range(9):
            queue.execute("INSERT INTO task (queue, data, priority) SELECT DISTINCT queue, data, priority FROM task")
    queue.close()
    instance.start_consumer()
    instance.until_ended(result_id)
    prove(instance, recorder, docker_client, result_id)


def test_three_consumers_share_the_work_and_start_nothing_twice(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    consumers = [instance.start_consumer() for _ in range(3)]
    result_id = submit(instance, busybox_image, 40)
    for number in range(4):
        goal = 8 * (number + 1)
        until(lambda goal=goal: ended(instance, result_id) >= goal, 60, "a few more have ended")  # type: ignore[misc]
        instance.end(consumers[number % 3])
        consumers[number % 3] = instance.start_consumer()
    instance.until_ended(result_id)
    prove(instance, recorder, docker_client, result_id)


def test_sigterm_ends_the_consumer_soon_and_containers_go_on(instance: Estivador, recorder: Recorder, busybox_image: str) -> None:
    consumer = instance.start_consumer()
    result_id = instance.run(instance.register(busybox_image), times=4, command="sleep 8")
    instance.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 4)
    instance.end(consumer, signal.SIGTERM)
    assert instance.get(f"/result/{result_id}/")["counts"]["RUNNING"] == 4
    instance.start_consumer()
    assert instance.until_ended(result_id)["counts"]["COMPLETE"] == 4
    assert set(recorder.starts().values()) == {1}
