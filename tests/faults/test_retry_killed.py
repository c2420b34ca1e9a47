"""The consumer dies by SIGKILL while attempts fail and are made again; a recorder of the Engine's events counts the starts."""

import random
import signal

import pytest
from docker import DockerClient

from tests.support.estivador import ENDED, Estivador
from tests.support.recorder import Recorder
from tests.support.waiting import until

FLAKY = 'echo "attempt $ESTIVADOR_ATTEMPT"; [ $ESTIVADOR_ATTEMPT -gt $((ESTIVADOR_INDEX % 3)) ] || exit 5'
"""Index 0, 3, 6 … succeed at once, 1, 4 … at the second attempt, 2, 5 … at the third."""


def submit(place: Estivador, image: str, times: int) -> int:
    return place.run(place.register(image), times=times, command=["sh", "-c", FLAKY], retries=3, retry_delay=0)


def prove(place: Estivador, recorder: Recorder, client: DockerClient, result_id: int) -> None:
    """Each execution took as many attempts as it should, each was started once and has its log, and nothing is left behind."""
    expected = {}
    for row in place.details(result_id):
        assert (row["status"], row["attempt"]) == ("COMPLETE", row["index"] % 3 + 1), row
        for number in range(1, row["attempt"] + 1):
            expected[(str(row["detail_id"]), str(number))] = 1
            assert place.log(row, attempt=number) == f"attempt {number}\n"
    assert recorder.starts() == expected
    until(lambda: not place.containers(client), 60, "no container is left")


@pytest.mark.parametrize("failpoint", ["recorded", "retried", "exited", "created"])
def test_a_kill_around_a_retry_loses_and_repeats_nothing(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient, failpoint: str
) -> None:
    doomed = instance.start_consumer(ESTIVADOR_FAILPOINT=failpoint)
    result_id = submit(instance, busybox_image, 6)
    assert doomed.wait(30) == -signal.SIGKILL
    instance.start_consumer()
    instance.until_ended(result_id)
    prove(instance, recorder, docker_client, result_id)


@pytest.mark.timeout(900)
def test_kills_at_any_moment_make_no_attempt_twice(instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    chance = random.Random(4)
    consumer = instance.start_consumer()
    result_id = submit(instance, busybox_image, 60)
    for _ in range(6):
        goal = ended(instance, result_id) + chance.randint(2, 9)
        until(lambda goal=goal: ended(instance, result_id) >= min(goal, 60), 60, "a few more have ended")  # type: ignore[misc]
        instance.end(consumer)
        consumer = instance.start_consumer()
    instance.until_ended(result_id, timeout=600)
    prove(instance, recorder, docker_client, result_id)


def ended(place: Estivador, result_id: int) -> int:
    counts = place.get(f"/result/{result_id}/")["counts"]
    return sum(counts[status] for status in ENDED)
