"""The Engine is away, or dies: a second dockerd, of the tests' own."""

import signal

import pytest
from docker import DockerClient

from tests.support.dockerd import OwnDockerd
from tests.support.estivador import Estivador

pytestmark = pytest.mark.timeout(300)


def test_what_is_submitted_while_the_engine_is_away_waits_for_it(
    place: Estivador, dockerd: OwnDockerd, busybox_image: str, docker_client: DockerClient
) -> None:
    place.start_consumer()
    answer = place.request("GET", "/ready/")
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["parts"]["engine"]
    task_id = place.post("/task/", {"repository": busybox_image})["task_id"]
    dockerd.start()
    dockerd.load(busybox_image, docker_client)
    task = place.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
    # The image arrives a moment after the Engine does: an import between the two is a true error, and can be asked for again.
    if task["status"] == "ERROR":
        place.post(f"/task/{task_id}/", {"operation": "IMPORT"})
        place.until_task(task_id, lambda task: task["status"] == "READY")
    dockerd.stop()
    result_id = place.run(task_id, times=3, command="true")
    assert place.get(f"/result/{result_id}/")["counts"]["QUEUED"] == 3
    dockerd.start()
    assert place.until_ended(result_id)["counts"]["COMPLETE"] == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_engine_that_dies_under_a_run_leaves_no_false_record(
    place: Estivador, dockerd: OwnDockerd, busybox_image: str, docker_client: DockerClient, number: signal.Signals
) -> None:
    dockerd.start()
    dockerd.load(busybox_image, docker_client)
    place.start_consumer()
    result_id = place.run(place.register(busybox_image), times=2, command="sleep 120")
    place.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 2)
    dockerd.stop(number)
    assert place.request("GET", "/ready/").status_code == 503
    assert place.get(f"/result/{result_id}/")["counts"]["RUNNING"] == 2
    dockerd.start()
    place.until_ended(result_id)
    for detail in place.details(result_id):
        assert detail["status"] == "ERROR"
        assert detail["reason"] in ("external_kill", "exit", "lost")
        assert detail["exit_code"] != 0
