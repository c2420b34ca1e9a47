"""A log that is followed while it is written, and parts of one."""

import http.client
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path

import docker
import requests

from app.services.following import AT_ONCE
from tests.support.estivador import Estivador
from tests.support.waiting import until

STEPS = 'echo one; echo other >&2; while [ ! -e /go ]; do sleep 0.05; done; echo two; printf "no end"; exit 3'


def sleeping(place: Estivador, image: str, script: str = STEPS, **body: object) -> str:
    """Run a script, wait until it runs, and return the address of its log."""
    result_id = place.run(place.register(image), command=["sh", "-c", script], **body)
    place.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 1)
    return f"/result/{result_id}/detail/{place.details(result_id)[0]['detail_id']}/log/"


def go_on(place: Estivador, path: str) -> None:
    """Let the script go on."""
    touch(place.get(path.removesuffix("log/"))["container_id"])


@contextmanager
def standing_still(place: Estivador) -> Iterator[None]:
    """Let no web worker do anything for a moment."""
    masters = [process.pid for process in place.processes if Path(str(process.args[0])).name == "gunicorn"]  # type: ignore[index]
    workers = [int(pid) for master in masters for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]
    assert workers
    try:
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        yield
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def touch(container: str) -> None:
    """Make the file that the script in a container waits for."""
    client = docker.from_env()
    client.api.exec_start(client.api.exec_create(container, ["touch", "/go"])["Id"])
    client.close()


def test_a_log_is_followed_to_its_end(running: Estivador, busybox_image: str) -> None:
    path = sleeping(running, busybox_image)
    with running.request("GET", f"{path}?follow=1&stream=stdout", stream=True) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        chunks = answer.iter_content(None)
        assert next(chunks) == b"one\n"
        go_on(running, path)
        assert b"".join(chunks) == b"two\nno end"
    ended = running.request("GET", f"{path}?follow=1&tail=1&timestamps=1")
    assert ended.text.endswith("Z no end")
    assert running.request("GET", f"{path}?follow=1&after=2&stream=stdout").text == "no end"


def test_one_that_waits_for_its_start_is_followed_from_its_first_line(instance: Estivador, busybox_image: str) -> None:
    consumer = instance.start_consumer()
    task_id = instance.register(busybox_image)
    instance.end(consumer)
    result_id = instance.run(task_id, command="echo late")
    path = f"/result/{result_id}/detail/{instance.details(result_id)[0]['detail_id']}/log/"
    with instance.request("GET", f"{path}?follow=1", stream=True) as answer:
        instance.start_consumer()
        assert b"".join(answer.iter_content(None)) == b"late\n"


def test_a_log_that_is_followed_ends_with_its_attempt(running: Estivador, busybox_image: str) -> None:
    path = sleeping(running, busybox_image, STEPS, retries=1, retry_delay=600, retry_on=[3])
    with running.request("GET", f"{path}?follow=1&stream=stdout", stream=True) as answer:
        go_on(running, path)
        assert b"".join(answer.iter_content(None)) == b"one\ntwo\nno end"
    running.post("/result/1/", {"operation": "KILL"})


def test_who_follows_a_log_over_the_cap_gets_its_last_line(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_LOG_CAP="64KiB")
    script = f"yes {'x' * 99} | head -n 1500; echo seen; while [ ! -e /go ]; do sleep 0.05; done; echo last"
    path = sleeping(instance, busybox_image, script)
    with instance.request("GET", f"{path}?follow=1", stream=True) as answer:
        lines = answer.iter_lines()
        assert sum(1 for _ in takewhile(lambda line: line != b"seen", lines)) == 1500
        container = instance.get(path.removesuffix("log/"))["container_id"]
        # Nobody looks again before the log is stored and shortened.
        with standing_still(instance):
            touch(container)
            until(lambda: instance.rows("SELECT status FROM result") == [("COMPLETE",)], 60, "it has ended")
        assert list(lines) == [b"last"]
    assert instance.request("GET", path).headers["X-Log-Truncated"] == "1"


def test_who_may_not_enter_any_more_reads_no_further(running: Estivador, busybox_image: str) -> None:
    path = sleeping(running, busybox_image)
    token = running.post("/token/", {"name": "reader", "role": "viewer"})
    with requests.get(running.url(f"{path}?follow=1"), headers={"Authorization": f"Bearer {token['token']}"}, stream=True, timeout=30) as answer:
        chunks = answer.iter_content(None)
        assert next(chunks)
        running.request("DELETE", f"/token/{token['token_id']}/")
        assert b"two" not in b"".join(chunks), "it ends while the program runs on"
    go_on(running, path)


def test_only_so_many_are_followed_and_who_hangs_up_makes_room(running: Estivador, busybox_image: str) -> None:
    path = sleeping(running, busybox_image, "echo one; sleep 600")
    with ExitStack() as connections:
        # Of two processes either may be asked, and each has its own places.
        statuses = [follow(running, path, connections) for _ in range(2 * AT_ONCE + 1)]
        assert AT_ONCE <= statuses.count(200) <= 2 * AT_ONCE
        assert set(statuses) == {200, 503}
        assert running.request("GET", path).text == "one\n", "others are served meanwhile"
        connections.close()
        until(lambda: follow(running, path, connections) == 200, 60, "there is room for another")
    running.post("/result/1/", {"operation": "KILL"})
    running.until_ended(1)


def follow(place: Estivador, path: str, connections: ExitStack) -> int:
    """Begin to follow a log, leave the connection open, and return the answer's status."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    connections.callback(connection.close)
    connection.request("GET", f"{path}?follow=1", headers={"Authorization": f"Bearer {place.token}"})
    answer = connection.getresponse()
    connections.callback(answer.close)
    return answer.status


def test_a_part_of_a_log_is_a_part_of_its_bytes(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), command=["sh", "-c", "seq 1 5000"])
    running.until_ended(result_id)
    path = f"/result/{result_id}/detail/{running.details(result_id)[0]['detail_id']}/log/"
    whole = running.request("GET", path)
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = running.request("GET", path, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.headers["Content-Range"], part.content) == (206, f"bytes 100-199/{len(whole.content)}", whole.content[100:200])
    assert running.request("GET", path, headers={"Range": "bytes=-7"}).content == whole.content[-7:]
    beyond = running.request("GET", path, headers={"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416
    assert running.request("GET", path, headers={"Range": "bytes=0-3", "If-Range": '"another"'}).content == whole.content
