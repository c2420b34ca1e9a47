"""A result that has failed enough, on the real Engine."""

from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.recorder import Recorder
from tests.support.waiting import until


def test_the_rest_is_cancelled_and_what_runs_comes_to_its_own_end(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    instance.start_consumer(ESTIVADOR_SLOTS="3")
    script = "[ $ESTIVADOR_INDEX = 0 ] && sleep 4 && exit 0; exit 9"
    result_id = instance.run(instance.register(busybox_image), times=60, command=["sh", "-c", script], max_failures=3)
    result = instance.until_ended(result_id)
    details = instance.details(result_id)
    assert details[0]["status"] == "COMPLETE"
    assert 3 <= result["counts"]["ERROR"] <= 5
    cancelled = [row for row in details if row["status"] == "CANCELLED"]
    assert len(cancelled) == 60 - 1 - result["counts"]["ERROR"]
    assert {row["reason"] for row in cancelled} == {"max_failures"}
    assert "3 of this result had failed" in cancelled[0]["message"]
    started = {event.container_id for event in recorder.events if event.action == "start"}
    assert not [row for row in cancelled if row["container_id"] in started]
    until(lambda: not instance.containers(docker_client), 60, "no container is left")


def test_a_failure_that_is_tried_again_does_not_count(running: Estivador, busybox_image: str) -> None:
    script = "[ $ESTIVADOR_ATTEMPT = 2 ]"
    result_id = running.run(running.register(busybox_image), times=6, command=["sh", "-c", script], max_failures=1, retries=1, retry_delay=0)
    assert running.until_ended(result_id)["counts"]["COMPLETE"] == 6
