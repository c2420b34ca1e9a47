"""The `docker run` line does by hand what the execution did."""

import html
import re
import subprocess
from typing import Any

import pytest
from flask import Flask

from app.jobs.starting import OF_TIMES
from app.models import Detail, Result, Task
from app.services.commands import docker_run
from tests.support.estivador import Estivador

BEGIN = "docker run --rm --init --security-opt no-new-privileges --pids-limit "
OWN = "--env ESTIVADOR_TASK_ID=1 --env ESTIVADOR_RESULT_ID=2 --env ESTIVADOR_DETAIL_ID=3 --env ESTIVADOR_INDEX=4 --env ESTIVADOR_TIMES=6 --env ESTIVADOR_ATTEMPT=2 "
LINES: list[tuple[dict[str, Any], str]] = [
    ({}, f"{BEGIN}512 {OWN}tool:1"),
    ({"command": ["sh", "-c", "echo 'a' $B"]}, f"""{BEGIN}512 {OWN}tool:1 sh -c 'echo '"'"'a'"'"' $B'"""),
    ({"entrypoint": ["sh", "-c"], "command": ["a b"]}, f"{BEGIN}512 {OWN}--entrypoint sh tool:1 -c 'a b'"),
    ({"entrypoint": ["my tool"]}, f"{BEGIN}512 {OWN}--entrypoint 'my tool' tool:1"),
    ({"env": {"A": "$(x)", "B": ""}}, f"{BEGIN}512 --env 'A=$(x)' --env B= {OWN}tool:1"),
    ({"env": {"A": "1"}, "matrix": {"M": ["x", "y"], "N": ["u", "v", "w"]}}, f"{BEGIN}512 --env A=1 --env M=y --env N=v {OWN}tool:1"),
    ({"workdir": "/a b", "user": "1000:1000"}, f"{BEGIN}512 --workdir '/a b' --user 1000:1000 {OWN}tool:1"),
    ({"labels": {"-team": "<a & b>", "e": ""}}, f"{BEGIN}512 --label '-team=<a & b>' --label e= {OWN}tool:1"),
    ({"memory": "1.5g", "cpus": 1.25, "pids": 9}, f"{BEGIN}9 --memory 1536m --memory-swap 1536m --cpus 1.25 {OWN}tool:1"),
    ({"memory": 8_000_000, "cpus": 100.0, "shm_size": "64MiB"}, f"{BEGIN}512 --memory 8000000b --memory-swap 8000000b --cpus 100 --shm-size 64m {OWN}tool:1"),
    ({"network": "none", "stop_grace": 0.5}, f"{BEGIN}512 --network none --stop-timeout 1 {OWN}tool:1"),
    ({"profile": "strict"}, f"{BEGIN}512 --cap-drop ALL --read-only --tmpfs /tmp:mode=1777 --network none {OWN}tool:1"),
    ({"timeout": 90.5, "retries": 3, "parallel": 2, "priority": 1}, f"timeout 90.5 {BEGIN}512 {OWN}tool:1"),
]
PRINTS = ["sh", "-c", 'echo "$GREETING from $ESTIVADOR_INDEX of $ESTIVADOR_TIMES"; exit 7']


def test_the_line_of_an_execution_does_the_same_in_a_shell(running: Estivador, busybox_image: str) -> None:
    task = running.register(busybox_image)
    result = running.run(task, times=2, command=PRINTS, env={"GREETING": 'it\'s "quoted" $HOME'})
    running.until_ended(result)
    detail = running.details(result)[1]
    page = running.page(f"/ui/result/{result}/detail/{detail['detail_id']}/")
    line = re.search(r'id="command-line">([^<]*)<', page)
    assert line is not None
    done = subprocess.run(["sh", "-c", html.unescape(line[1])], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == (running.log(detail), detail["exit_code"]), done.stderr


@pytest.mark.parametrize(("parameters", "line"), LINES)
def test_the_line_has_each_parameter_as_a_shell_reads_it(app: Flask, parameters: dict[str, Any], line: str) -> None:
    detail, result, task = rows(parameters)
    with app.app_context():
        assert docker_run(detail, result, task) == line


def test_a_secret_is_named_and_not_told(app: Flask) -> None:
    detail, result, task = rows({})
    result.secret_env = {"PASSWORD": "canary"}
    with app.app_context():
        assert docker_run(detail, result, task) == f"{BEGIN}512 --env PASSWORD {OWN}tool:1"


def test_an_image_that_its_task_has_no_more_is_named_by_its_id(app: Flask) -> None:
    detail, result, task = rows({})
    task.image_id = "sha256:" + "2" * 64
    with app.app_context():
        assert docker_run(detail, result, task).endswith(" 111111111111")


def rows(parameters: dict[str, Any]) -> tuple[Detail, Result, Task]:
    """The fifth execution of a run of six, with its result and task."""
    image = "sha256:" + "1" * 64
    detail = Detail(id=3, task_id=1, result_id=2, position=4, attempt=2, image_id=image)
    return detail, Result(id=2, times=1, parameters={OF_TIMES: 6, **parameters}, secret_env={}), Task(id=1, repository="tool:1", image_id=image)
