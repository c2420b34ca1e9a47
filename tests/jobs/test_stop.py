"""CANCEL and KILL, proven on the container."""

import time

import pytest
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.recorder import Recorder
from tests.support.waiting import until

RACES, EACH = 200, 8


def test_kill_stops_what_runs_and_cancels_what_waits(instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    instance.start_consumer(ESTIVADOR_SLOTS="2")
    result_id = instance.run(instance.register(busybox_image), times=5, command="sleep 60")
    instance.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 2)
    instance.post(f"/result/{result_id}/", {"operation": "KILL"})
    result = instance.until_ended(result_id)
    assert (result["status"], result["counts"]["KILLED"], result["counts"]["CANCELLED"]) == ("KILLED", 2, 3)
    for detail in instance.details(result_id):
        if detail["status"] == "KILLED":
            assert detail["exit_code"] == 143
            assert [event.action for event in recorder.of(detail["container_id"]) if event.action in ("kill", "die")] == ["kill", "die"]
    until(lambda: not instance.containers(docker_client), 60, "no container is left")


def test_cancel_leaves_what_runs_alone(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_SLOTS="1")
    result_id = instance.run(instance.register(busybox_image), times=3, command="sleep 3")
    instance.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 1)
    instance.post(f"/result/{result_id}/", {"operation": "CANCEL"})
    result = instance.until_ended(result_id)
    assert (result["counts"]["COMPLETE"], result["counts"]["CANCELLED"]) == (1, 2)


def test_a_container_that_ignores_sigterm_gets_sigkill_after_the_grace(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_STOP_GRACE="2")
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    result_id = instance.run(instance.register(busybox_image), command=["sh", "-c", script])
    instance.until_result(result_id, lambda result: result["status"] == "RUNNING")
    detail = instance.details(result_id)[0]
    until(lambda: instance.log(detail) == "ready\n", 60, "it ignores SIGTERM")
    instance.post(f"/result/{result_id}/detail/{detail['detail_id']}/", {"operation": "KILL"})
    instance.until_ended(result_id)
    detail = instance.details(result_id)[0]
    assert (detail["status"], detail["exit_code"]) == ("KILLED", 137)


@pytest.mark.timeout(900)
def test_a_kill_that_races_the_end_agrees_with_the_engines_events(
    running: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    result_id = running.run(running.register(busybox_image), times=RACES, command="sleep 0.4")
    killed: set[int] = set()
    while (result := running.get(f"/result/{result_id}/"))["status"] in ("QUEUED", "RUNNING"):
        for row in running.get(f"/result/{result_id}/detail/?status=RUNNING"):
            # Those whose end is near: the kill arrives before, at, or after it.
            if row["detail_id"] not in killed and time.time() - row["start"] > 0.3:
                killed.add(row["detail_id"])
                running.request("POST", f"/result/{result_id}/detail/{row['detail_id']}/", json={"operation": "KILL"})
    assert sum(result["counts"].values()) == RACES
    recorder.catch_up()
    actions = {
        row["container_id"]: [event.action for event in recorder.events if event.container_id == row["container_id"]] for row in running.details(result_id)
    }
    for row in running.details(result_id):
        assert row["status"] == ("KILLED" if "kill" in actions[row["container_id"]] else "COMPLETE"), (row, actions[row["container_id"]])
    until(lambda: not running.containers(docker_client), 60, "no container is left")


@pytest.mark.timeout(900)
def test_a_cancel_that_races_the_start_agrees_with_the_engines_events(
    running: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    task_id = running.register(busybox_image)
    outcomes: set[str] = set()
    for turn in range(RACES // EACH):
        result_id = running.run(task_id, times=EACH, command="true")
        # From before the first start to after the last one.
        goal = turn % (EACH + 1)
        until(lambda goal=goal, result_id=result_id: begun(running, result_id) >= goal, 60, "so many are on their way")  # type: ignore[misc]
        running.request("POST", f"/result/{result_id}/", json={"operation": "CANCEL"})
        running.until_ended(result_id)
        recorder.catch_up()
        started = {event.container_id for event in recorder.events if event.action == "start"}
        for row in running.details(result_id):
            outcomes.add(row["status"])
            assert row["status"] == ("COMPLETE" if row["container_id"] in started else "CANCELLED"), row
    assert outcomes == {"COMPLETE", "CANCELLED"}
    until(lambda: not running.containers(docker_client), 60, "no container is left")


def begun(place: Estivador, result_id: int) -> int:
    """How many executions of a result are past their wait: read past all of the application's code, so that it is quick."""
    return int(place.rows("SELECT count(*) FROM detail WHERE result_id = ? AND phase NOT IN ('WAITING', 'CLAIMED')", result_id)[0][0])
