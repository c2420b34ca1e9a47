"""Runs on the real Engine: what the record says of each execution, held against the Engine."""

import pytest
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.images import temporary_image
from tests.support.recorder import Recorder
from tests.support.waiting import until


def run_once(place: Estivador, image: str, **body: object) -> dict[str, object]:
    """Run the image once, wait for the end, and return the execution."""
    result_id = place.run(place.register(image), **body)
    place.until_ended(result_id)
    found: dict[str, object] = place.details(result_id)[0]
    return found


def test_a_run_is_recorded_as_the_engine_saw_it(running: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    task_id = running.register(busybox_image)
    script = 'echo "out $ESTIVADOR_INDEX $SEED"; echo err >&2; exit $((ESTIVADOR_INDEX % 3))'
    result_id = running.run(task_id, times=6, command=["sh", "-c", script], env={"SEED": "7"})
    result = running.until_ended(result_id)
    assert (result["status"], result["counts"]["COMPLETE"], result["counts"]["ERROR"]) == ("ERROR", 2, 4)
    details = running.details(result_id)
    for detail in details:
        assert detail["exit_code"] == detail["index"] % 3
        assert (detail["status"], detail["reason"]) == ("COMPLETE" if detail["exit_code"] == 0 else "ERROR", "exit")
        assert running.log(detail, stream="stdout") == f"out {detail['index']} 7\n"
        assert running.log(detail, stream="stderr") == "err\n"
        assert detail["image_id"] == docker_client.api.inspect_image(busybox_image)["Id"]
        events = recorder.of(detail["container_id"])
        assert [event.action for event in events if event.action in ("create", "start", "die", "destroy")] == ["create", "start", "die", "destroy"]
        started, died = (next(event.at for event in events if event.action == action) for action in ("start", "die"))
        assert abs(detail["start"] - started) < 1
        assert abs(detail["end"] - died) < 1
        # Of a very short run the Engine may note the end a few milliseconds before the start.
        assert detail["duration"] == pytest.approx(max(detail["end"] - detail["start"], 0), abs=0.002)
    assert result["start"] == min(detail["start"] for detail in details)
    assert result["end"] == max(detail["end"] for detail in details)
    assert set(recorder.starts().values()) == {1}


def test_an_execution_finds_where_it_belongs_in_its_environment(running: Estivador, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    result_id = running.run(task_id, times=2, command=["env"])
    running.until_ended(result_id)
    for detail in running.details(result_id):
        said = dict(line.split("=", 1) for line in running.log(detail).splitlines())
        own = {"TASK_ID": task_id, "RESULT_ID": result_id, "DETAIL_ID": detail["detail_id"], "INDEX": detail["index"], "TIMES": 2, "ATTEMPT": 1}
        assert {name: said[f"ESTIVADOR_{name}"] for name in own} == {name: str(value) for name, value in own.items()}


def test_a_container_gets_no_more_than_it_should(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    result_id = running.run(running.register(busybox_image), command="sleep 60")
    running.until_result(result_id, lambda result: result["status"] == "RUNNING")
    config = docker_client.api.inspect_container(running.details(result_id)[0]["container_id"])["HostConfig"]
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    assert (config["Init"], config["PidsLimit"], config["SecurityOpt"], config["Privileged"]) == (True, 512, ["no-new-privileges"], False)
    assert (config["RestartPolicy"]["Name"], config["AutoRemove"], config["Binds"]) == ("no", False, None)
    running.until_ended(result_id)


def test_a_command_that_does_not_exist_is_told_in_dockers_words(running: Estivador, busybox_image: str) -> None:
    detail = run_once(running, busybox_image, command="/no/such/program")
    assert (detail["status"], detail["reason"], detail["exit_code"]) == ("ERROR", "command_not_found", 127)
    assert "exec /no/such/program failed: No such file or directory" in str(detail["message"])


def test_a_script_that_ends_with_127_by_itself_is_told_from_a_command_that_does_not_exist(running: Estivador, busybox_image: str) -> None:
    detail = run_once(running, busybox_image, command=["sh", "-c", "exit 127"])
    assert (detail["status"], detail["reason"], detail["exit_code"]) == ("ERROR", "exit", 127)


def test_an_image_that_was_removed_is_missing(running: Estivador, docker_client: DockerClient) -> None:
    with temporary_image(docker_client, {"/unique": b"once"}) as tag:
        task_id = running.register(tag)
        docker_client.api.remove_image(tag, force=True)
        result_id = running.run(task_id)
        running.until_ended(result_id)
    detail = running.details(result_id)[0]
    assert (detail["status"], detail["reason"], detail["container_id"]) == ("ERROR", "image_missing", None)


def test_a_container_removed_behind_our_back_is_lost(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    result_id = running.run(running.register(busybox_image), command="sleep 60")
    running.until_result(result_id, lambda result: result["status"] == "RUNNING")
    docker_client.api.remove_container(running.details(result_id)[0]["container_id"], force=True)
    running.until_ended(result_id)
    detail = running.details(result_id)[0]
    # The Engine tells of the end before it removes the container: either is true, and neither may be taken for success.
    assert (detail["status"], detail["reason"]) in {("ERROR", "lost"), ("ERROR", "external_kill")}


def test_a_timeout_is_an_error_and_nothing_survives_it(running: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient) -> None:
    detail = run_once(running, busybox_image, command=["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"], timeout=1)
    assert (detail["status"], detail["reason"]) == ("ERROR", "timeout")
    assert 1 <= float(str(detail["duration"])) < 8
    until(lambda: not running.containers(docker_client), 60, "its container is gone")


def test_a_log_is_read_while_it_runs(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), command=["sh", "-c", "echo one; echo two; sleep 60"])
    running.until_result(result_id, lambda result: result["status"] == "RUNNING")
    detail = running.details(result_id)[0]
    until(lambda: running.log(detail) == "one\ntwo\n", 60, "both lines are there")
    assert running.log(detail, tail=1) == "two\n"
    assert running.log(detail, after=1) == "two\n"
    assert running.log(detail, stream="stderr") == ""
    assert running.log(detail, timestamps=1).startswith("20")
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    running.until_ended(result_id)
    assert running.log(detail) == "one\ntwo\n"


def test_a_log_over_the_cap_is_cut_and_flagged(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_LOG_CAP="64KiB")
    detail = run_once(instance, busybox_image, command=["sh", "-c", "echo begin; yes 0123456789 | head -c 1000000; echo; echo end"])
    assert (detail["status"], detail["log_truncated"]) == ("COMPLETE", True)
    answer = instance.request("GET", f"/result/{detail['result_id']}/detail/{detail['detail_id']}/log/")
    assert answer.headers["X-Log-Truncated"] == "1"
    assert len(answer.content) < 70_000
    assert answer.text.endswith("end\n")


def test_bytes_that_are_no_text_are_kept(running: Estivador, busybox_image: str) -> None:
    detail = run_once(running, busybox_image, command=["sh", "-c", r"printf 'a\000b\377\n'"])
    answer = running.request("GET", f"/result/{detail['result_id']}/detail/{detail['detail_id']}/log/")
    assert answer.content == b"a\0b\xff\n"


def test_never_more_run_at_once_than_there_are_slots(instance: Estivador, recorder: Recorder, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_SLOTS="2")
    # The first two hold the slots until both are seen, however slowly they start.
    result_id = instance.run(instance.register(busybox_image), times=8, command=["sh", "-c", "[ $ESTIVADOR_INDEX -gt 1 ] && sleep 0.3 || sleep 3600"])
    instance.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 2)
    for row in instance.details(result_id)[:2]:
        instance.post(f"/result/{result_id}/detail/{row['detail_id']}/", {"operation": "KILL"})
    instance.until_ended(result_id)
    edges = sorted((moment, change) for row in instance.details(result_id) for moment, change in ((row["start"], 1), (row["end"], -1)))
    running_now = most = 0
    for _, change in edges:
        running_now += change
        most = max(most, running_now)
    assert most == 2
