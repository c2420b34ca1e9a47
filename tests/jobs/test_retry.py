"""Retries on the real Engine: what is tried again, when, and what each attempt leaves."""

from itertools import pairwise

from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.images import temporary_image
from tests.support.recorder import Recorder
from tests.support.waiting import until

THIRD_TIME = 'echo "attempt $ESTIVADOR_ATTEMPT"; [ "$ESTIVADOR_ATTEMPT" -ge 3 ] || exit $((ESTIVADOR_ATTEMPT + 6))'


def one(place: Estivador, result_id: int) -> dict[str, object]:
    """The one execution of a result, with its attempts."""
    found: dict[str, object] = place.get(f"/result/{result_id}/detail/{place.details(result_id)[0]['detail_id']}/")
    return found


def run_once(place: Estivador, image: str, **body: object) -> dict[str, object]:
    """Run an image once, wait for the end, and return the execution."""
    result_id = place.run(place.register(image), **body)
    place.until_ended(result_id)
    return one(place, result_id)


def test_each_attempt_is_kept_with_its_outcome_and_its_log(running: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    detail = run_once(running, busybox_image, command=["sh", "-c", THIRD_TIME], retries=5, retry_delay=0)
    assert (detail["status"], detail["attempt"], detail["exit_code"]) == ("COMPLETE", 3, 0)
    attempts: list[dict[str, object]] = detail["attempts"]  # type: ignore[assignment]
    assert [(row["attempt"], row["status"], row["reason"], row["exit_code"]) for row in attempts] == [
        (1, "ERROR", "exit", 7), (2, "ERROR", "exit", 8), (3, "COMPLETE", "exit", 0),
    ]  # fmt: skip
    assert [running.log(detail, attempt=row["attempt"]) for row in attempts] == ["attempt 1\n", "attempt 2\n", "attempt 3\n"]
    assert running.log(detail) == "attempt 3\n"
    assert len({row["container_id"] for row in attempts}) == 3
    for row in attempts:
        events = recorder.of(str(row["container_id"]))
        assert [event.action for event in events if event.action in ("create", "start", "die", "destroy")] == ["create", "start", "die", "destroy"]
        assert abs(float(str(row["start"])) - next(event.at for event in events if event.action == "start")) < 1
    assert set(recorder.starts().values()) == {1}
    until(lambda: not running.containers(docker_client), 60, "no container is left")


def test_the_wait_doubles_and_holds_no_slot(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_SLOTS="1")
    task_id = instance.register(busybox_image)
    result_id = instance.run(task_id, command="false", retries=2, retry_delay=2)
    waiting = instance.until_answer(f"/result/{result_id}/detail/", lambda rows: "retry in" in str(rows[0]["waits_for"]), 20)[0]
    assert (waiting["status"], waiting["attempt"], waiting["container_id"]) == ("QUEUED", 2, None)
    # The only slot is free for somebody else meanwhile.
    other = instance.run(task_id, command="true")
    assert instance.until_ended(other)["end"] < instance.until_ended(result_id)["end"]
    attempts: list[dict[str, float]] = one(instance, result_id)["attempts"]  # type: ignore[assignment]
    gaps = [later["start"] - earlier["end"] for earlier, later in pairwise(attempts)]
    assert len(gaps) == 2
    assert gaps[0] >= 1.9
    assert gaps[1] >= 3.9


def test_only_what_retry_on_names_is_tried_again(running: Estivador, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    asked = {"retries": 1, "retry_delay": 0, "retry_on": [75, "timeout"]}
    bodies = {
        "named code": {"command": ["sh", "-c", "exit 75"]},
        "another code": {"command": ["sh", "-c", "exit 76"]},
        "timeout": {"command": "sleep 60", "timeout": 1, "stop_grace": 1},
        "no such command": {"command": "/no/such", "retry_on": ["exit", "engine"]},
    }
    results = {name: running.run(task_id, **{**asked, **body}) for name, body in bodies.items()}
    for result_id in results.values():
        running.until_ended(result_id)
    seen = {name: (one(running, result_id)["attempt"], one(running, result_id)["reason"]) for name, result_id in results.items()}
    assert seen == {"named code": (2, "exit"), "another code": (1, "exit"), "timeout": (2, "timeout"), "no such command": (1, "command_not_found")}


def test_an_image_that_comes_back_is_what_the_next_attempt_runs(running: Estivador, docker_client: DockerClient) -> None:
    with temporary_image(docker_client, {"/unique-retry": b"once"}) as tag:
        task_id = running.register(tag)
        archive = b"".join(docker_client.api.get_image(tag))
        docker_client.api.remove_image(tag, force=True)
        result_id = running.run(task_id, command="true", retries=3, retry_delay=3, retry_on=["engine"])
        running.until_answer(f"/result/{result_id}/detail/", lambda rows: rows[0]["attempt"] == 2, 20)
        docker_client.images.load(archive)
        assert running.until_ended(result_id)["status"] == "COMPLETE"
    attempts: list[dict[str, object]] = one(running, result_id)["attempts"]  # type: ignore[assignment]
    assert attempts[0]["reason"] == "image_missing"


def test_a_kill_ends_the_attempts_too(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    task_id = running.register(busybox_image)
    result_id = running.run(task_id, times=2, command=["sh", "-c", "[ $ESTIVADOR_INDEX = 1 ] && sleep 60; exit 4"], retries=5, retry_delay=600)
    running.until_answer(f"/result/{result_id}/detail/", lambda rows: rows[0]["attempt"] == 2 and rows[1]["status"] == "RUNNING", 20)
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    running.until_ended(result_id)
    tried, killed = running.details(result_id)
    # The one had ended by itself and only waited: its own end stands. The other was running.
    assert (tried["status"], tried["reason"], tried["exit_code"], tried["attempt"]) == ("ERROR", "exit", 4, 1)
    assert "It was not tried again" in tried["message"]
    assert (killed["status"], killed["attempt"]) == ("KILLED", 1)
    until(lambda: not running.containers(docker_client), 60, "no container is left")


def test_out_of_memory_is_told_from_an_exit_code(running: Estivador, busybox_image: str) -> None:
    detail = run_once(running, busybox_image, command=["tail", "/dev/zero"], memory="16m", retries=1, retry_delay=0, retry_on=["oom"])
    attempts: list[dict[str, object]] = detail["attempts"]  # type: ignore[assignment]
    assert [row["reason"] for row in attempts] == ["oom", "oom"]


def test_attempts_in_a_page_of_executions_are_numbers(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), times=2, command=["sh", "-c", THIRD_TIME], retries=2, retry_delay=0)
    running.until_ended(result_id)
    assert [row["attempt"] for row in running.details(result_id)] == [3, 3]
    answer = running.request("GET", f"/result/{result_id}/detail/{running.details(result_id)[0]['detail_id']}/log/?attempt=9")
    assert (answer.status_code, "has no attempt 9" in answer.json()["message"]) == (404, True)
