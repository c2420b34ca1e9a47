"""Secret variables reach the container, and nothing else that anybody could read; keys change and get lost under real processes."""

import base64
import hashlib
import html
import re
import subprocess
from pathlib import Path
from typing import Any

import requests
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.names import free_port
from tests.support.waiting import until

CANARY = "c4n4ry-of-the-secret-variables-9d1f"
PASSWORD = "c4n4ry-of-the-registry-password-77aa"
TELLS_ITS_DIGEST = ["sh", "-c", 'printf %s "$TOKEN" | sha256sum; exit $((ESTIVADOR_INDEX % 2))']


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def shapes(text: str) -> set[bytes]:
    """A text as it is, and what base64 makes of it wherever it may begin in a longer one."""
    found = {text.encode()}
    for before in (0, 1, 2):
        # The first and the last characters are made of its neighbours too.
        encoded = base64.b64encode(b"\0" * before + text.encode())
        found.add(encoded[0 if before == 0 else 4 : len(encoded) // 4 * 4 - 4])
    return found | {shape.translate(bytes.maketrans(b"+/", b"-_")) for shape in found}


def betrayed(where: str, content: bytes) -> list[str]:
    """Which of the secrets a content has."""
    return [f"{where} has {secret!r} as {shape!r}" for secret in (CANARY, PASSWORD) for shape in shapes(secret) if shape in content]


def test_the_search_finds_what_it_looks_for() -> None:
    for before in (b"", b"a", b"ab", b"abc"):
        assert betrayed("here", base64.b64encode(before + CANARY.encode() + b" and more"))
        assert betrayed("here", b"x" + base64.urlsafe_b64encode(before + PASSWORD.encode() + b" and more"))
    assert not betrayed("here", b"c4n4ry")


def in_files(folder: Path) -> list[str]:
    return [found for path in folder.rglob("*") if path.is_file() for found in betrayed(str(path.relative_to(folder)), path.read_bytes())]


def in_answers(place: Estivador, task_id: int) -> list[str]:
    """Look through all that the API and the pages answer of this task."""
    of_task = f"/task/{task_id}/"
    paths = ["/task/", of_task, f"{of_task}image/", f"{of_task}statistics/", "/result/?page_size=100", "/openapi.json", "/engine/", "/ready/", "/health/"]
    paths += ["/retention/", "/token/", "/audit/?page_size=100", "/audit.ndjson"]
    pages = ["/ui/", "/ui/live", "/ui/task/", "/ui/task/live", f"/ui{of_task}", f"/ui{of_task}live", f"/ui{of_task}edit/", f"/ui{of_task}delete/"]
    pages += ["/ui/result/", "/ui/result/live", "/ui/task/new/", "/ui/engine/", "/ui/retention/", "/ui/token/", "/ui/audit/", "/ui/audit.ndjson"]
    for result in place.get("/result/?page_size=100"):
        of_result = f"/result/{result['result_id']}/"
        paths += [of_result, f"{of_result}detail/", f"{of_result}detail.csv", f"{of_result}detail.ndjson", f"{of_result}statistics/", f"{of_result}compare/1/"]
        pages += [f"/ui{of_result}", f"/ui{of_result}live", f"/ui{of_result}rerun/", f"/ui{of_result}compare/1/"]
        for detail in place.details(result["result_id"]):
            of_detail = f"{of_result}detail/{detail['detail_id']}/"
            paths += [of_detail, f"{of_detail}log/"]
            pages += [f"/ui{of_detail}", f"/ui{of_detail}live", f"/ui{of_detail}log/"]
    answers = [place.request("GET", path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    found = [one for path, answer in zip(paths, answers, strict=True) for one in betrayed(path, answer.content + str(answer.headers).encode())]
    return found + [one for path in pages for one in betrayed(path, place.page(path).encode())]


def refused_requests(place: Estivador, task_id: int, result_id: int) -> list[str]:
    """Make every mistake that a request with a secret in it can make, and look at the answers."""
    bodies: list[tuple[str, str, Any]] = [
        ("POST", f"/task/{task_id}/", {"secret_env": {"A": CANARY, "B": [CANARY]}}),
        ("POST", f"/task/{task_id}/", {"secret_env": {"A": CANARY, "MISSING": None}}),
        ("POST", f"/task/{task_id}/", {"secret_env": CANARY}),
        ("POST", f"/task/{task_id}/", {"secret_env": {"A": CANARY}, "env": {"A": "1"}}),
        ("POST", "/task/", {"repository": "b", "registry_username": "me", "registry_password": PASSWORD + "\0"}),
        ("POST", "/task/", {"repository": "b", "registry_username": "a:b", "registry_password": PASSWORD}),
        ("POST", "/task/", {"repository": "b", "registry_username": "me", "registry_password": [PASSWORD]}),
        ("POST", "/task/", {"repository": "b", "parameters": {"secret_env": {"A": CANARY, "ESTIVADOR_B": CANARY}}}),
        ("POST", "/task/", {"repository": "B", "registry_username": "me", "registry_password": PASSWORD, "parameters": {"secret_env": {"A": CANARY}}}),
        ("PATCH", f"/task/{task_id}/", {"registry_password": PASSWORD}),
        ("POST", f"/task/{task_id}/", {"operation": "IMPORT", "registry_username": "", "registry_password": PASSWORD}),
        ("POST", f"/task/{task_id}/", {"operation": "RUN", "registry_username": "me", "registry_password": PASSWORD}),
        ("POST", f"/result/{result_id}/", {"operation": "RERUN", "only": ["KILLED"], "secret_env": {"A": CANARY}}),
        ("POST", "/result/99999/", {"operation": "RERUN", "secret_env": {"A": CANARY}}),
    ]
    answers = [place.request(method, path, json=body) for method, path, body in bodies]
    answers.append(place.request("POST", f"/task/{task_id}/", data=f'{{"secret_env": {{"A": "{CANARY}"', headers={"Content-Type": "application/json"}))
    answers += refused_forms(place, task_id, result_id)
    assert all(400 <= answer.status_code < 500 for answer in answers), [answer.url for answer in answers if not 400 <= answer.status_code < 500]
    return [one for answer in answers for one in betrayed(answer.url, answer.content + str(answer.headers).encode())]


def refused_forms(place: Estivador, task_id: int, result_id: int) -> list[requests.Response]:
    """The same mistakes in the forms, and what stands where a token should be."""
    of_task, of_result = f"/ui/task/{task_id}/", f"/ui/result/{result_id}/rerun/"
    secrets = [{"secret_env": f"A={CANARY}\nB={CANARY}\0"}, {"secret_env": f"A={CANARY}", "env": "A=1"}, {"secret_env": f"ESTIVADOR_A={CANARY}"}]
    answers = [place.fill_in(of_task, of_task, times="1", **form) for form in (*secrets, {"secret_env": f"A={CANARY}", "memory": "much"})]
    answers += [place.fill_in(of_result, of_result, times="1", edited="1", **form) for form in secrets]
    logins = [{"registry_username": "", "registry_password": PASSWORD}, {"registry_username": "a:b", "registry_password": PASSWORD}]
    answers += [place.fill_in("/ui/task/new/", "/ui/task/new/", repository="b", **form) for form in (*logins, *secrets)]
    answers += [place.fill_in(f"{of_task}edit/", f"{of_task}edit/", name="b", **form) for form in (*logins, *secrets)]
    answers.append(place.fill_in("/ui/login/", "/ui/login/", token=f"est_00000000_{CANARY}"))
    for header in (f"Bearer est_00000000_{CANARY}", f"Bearer {CANARY}", f"Basic {base64.b64encode(CANARY.encode()).decode()}"):
        answers.append(requests.get(place.url("/task/"), headers={"Authorization": header}, timeout=30))
    return answers


def test_a_secret_is_in_the_containers_environment_and_nowhere_else(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    task_id = running.register(busybox_image, parameters={"secret_env": {"TOKEN": CANARY}})
    key = {"Idempotency-Key": "once"}
    body = {"times": 2, "command": TELLS_ITS_DIGEST, "secret_env": {"OTHER": CANARY}, "env": {"PLAIN": "seen"}}
    first, second = (running.post(f"/task/{task_id}/", body, headers=key)["result_id"] for _ in range(2))
    assert first == second
    rerun = running.post(f"/result/{first}/", {"operation": "RERUN", "secret_env": {"TOKEN": CANARY, "OTHER": None}})["result_id"]
    missing = running.run(task_id, command="no-such-program")
    for result_id in (first, rerun):
        running.until_ended(result_id)
        assert [running.log(detail).split()[0] for detail in running.details(result_id)] == [digest_of(CANARY)] * 2
    assert running.until_ended(missing)["counts"]["ERROR"] == 1

    sleeps = running.run(task_id, command=["sleep", "600"])
    running.until_result(sleeps, lambda result: result["status"] == "RUNNING")
    (listed,) = until(lambda: running.containers(docker_client), 60, "its container is listed")
    inspected = docker_client.api.inspect_container(listed["Id"])
    environment = inspected["Config"].pop("Env")
    assert f"TOKEN={CANARY}" in environment
    assert not betrayed("docker inspect but for its environment", str(inspected).encode())

    nowhere = free_port()
    private = running.register(f"127.0.0.1:{nowhere}/a:1", registry_username="me", registry_password=PASSWORD)
    assert running.get(f"/task/{private}/")["status"] == "ERROR"
    assert refused_requests(running, task_id, first) == []
    assert in_answers(running, task_id) == []
    assert in_files(running.folder) == []
    running.post(f"/result/{sleeps}/", {"operation": "KILL"})
    running.until_ended(sleeps)
    assert in_files(running.folder) == []
    tokens = [path.name for path in running.folder.iterdir() if path.is_file() and running.token.encode() in path.read_bytes()]
    assert tokens == ["admin-token"], "the token itself stands in its file alone"
    assert running.get("/audit/?outcome=refused"), "what was refused is in the audit, and was looked through"
    assert {path.name for path in running.folder.iterdir()} >= {"estivador.db", "queue.db", "gunicorn.out", "huey_consumer.out", "logs", "secret-keys"}


def rotate(place: Estivador, *options: str) -> str:
    """Change the keys as an operator does, in a process of its own."""
    process = place.start_process("flask", "--app", "wsgi", "rotate-key", *options)
    process.wait(60)
    assert process.returncode == 0, place.said("flask")
    return place.said("flask")


def test_keys_change_under_running_processes_without_a_restart(running: Estivador, busybox_image: str) -> None:
    task_id = running.register(busybox_image, parameters={"secret_env": {"TOKEN": CANARY}, "command": TELLS_ITS_DIGEST})
    before = running.run(task_id)
    running.until_ended(before)
    keys = (running.folder / "secret-keys").read_text()
    waiting = running.run(task_id, times=40)
    rotate(running)
    after = running.run(task_id, secret_env={"TOKEN": CANARY + "2"})
    rotate(running)
    again = running.post(f"/result/{before}/", {"operation": "RERUN"})["result_id"]
    assert keys.strip() not in (running.folder / "secret-keys").read_text()
    for result_id, secret in ((waiting, CANARY), (after, CANARY + "2"), (again, CANARY)):
        running.until_ended(result_id)
        assert {running.log(detail).split()[0] for detail in running.details(result_id)} == {digest_of(secret)}
    assert "Traceback" not in running.said("huey_consumer") + running.said("gunicorn")


def test_where_the_keys_are_gone_an_execution_says_so_and_runs_once_they_are_back(instance: Estivador, busybox_image: str) -> None:
    first = instance.start_consumer()
    task_id = instance.register(busybox_image, parameters={"secret_env": {"TOKEN": CANARY}, "command": TELLS_ITS_DIGEST})
    instance.end(first)
    result_id = instance.run(task_id)
    keys = instance.folder / "secret-keys"
    kept = keys.read_text()
    keys.unlink()
    instance.start_consumer()
    assert instance.until_ended(result_id)["status"] == "ERROR"
    (detail,) = instance.details(result_id)
    assert (detail["reason"], detail["container_id"]) == ("secrets_unreadable", None)
    assert "secret-keys" in detail["message"]
    assert not keys.exists(), "what starts does not make a new file over what the old one encrypted"
    plain = instance.run(task_id, secret_env=None)
    assert instance.until_ended(plain)["status"] == "COMPLETE"
    keys.write_text(kept)
    again = instance.post(f"/result/{result_id}/", {"operation": "RERUN"})["result_id"]
    assert instance.until_ended(again)["status"] == "COMPLETE"
    assert instance.log(instance.details(again)[0]).split()[0] == digest_of(CANARY)


def test_the_line_of_an_execution_takes_the_secret_from_who_calls_it(running: Estivador, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    result_id = running.run(task_id, command=TELLS_ITS_DIGEST, secret_env={"TOKEN": CANARY})
    running.until_ended(result_id)
    (detail,) = running.details(result_id)
    line = re.search(r'id="command-line">([^<]*)<', running.page(f"/ui/result/{result_id}/detail/{detail['detail_id']}/"))
    assert line is not None
    done = subprocess.run(["sh", "-c", html.unescape(line[1])], env={"PATH": "/usr/bin:/bin", "TOKEN": CANARY}, capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert done.stdout == running.log(detail), done.stderr
