"""Which registries may be asked for images: a real one, by whose own log nobody asked it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from flask import Flask

from tests.pages.person import Person
from tests.support.estivador import Estivador
from tests.support.images import remove_image
from tests.support.names import unique_name
from tests.support.registry import Registry
from tests.support.running import whole_estivador

ELSEWHERE = "registry.example.org"


@pytest.fixture
def only_elsewhere(tmp_path: Path, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador that may ask a registry that is not there, and Docker Hub."""
    with whole_estivador(tmp_path / "instance", docker_client, ESTIVADOR_REGISTRIES=f"docker.io,{ELSEWHERE}") as place:
        yield place


def refused(place: Estivador, path: str, body: dict[str, Any]) -> str:
    answer = place.request("POST", path, json=body)
    assert answer.status_code == 422, answer.text
    message = str(answer.json()["message"])
    assert f"docker.io, {ELSEWHERE}" in message, "it names those that are allowed"
    return message


def test_a_registry_that_is_not_allowed_is_not_asked(only_elsewhere: Estivador, registry: Registry, docker_client: DockerClient, busybox_image: str) -> None:
    place, name = only_elsewhere, f"team/{unique_name('tool')}"
    reference = registry.push(docker_client, busybox_image, f"{name}:1")
    before = registry.asked(name)
    assert before > 0, "its log tells of the push"
    place.start_consumer()
    for pull in ("missing", "always"):
        assert registry.address in refused(place, "/task/", {"repository": reference, "name": pull, "pull": pull})
    assert place.get("/task/") == []
    task_id = place.register(reference, pull="never")
    task = place.get(f"/task/{task_id}/")
    assert (task["status"], task["reason"]) == ("ERROR", "not_in_store")
    for pull in ("missing", "always"):
        refused(place, f"/task/{task_id}/", {"operation": "IMPORT", "pull": pull})
    docker_client.api.tag(busybox_image, reference)
    try:
        place.post(f"/task/{task_id}/", {"operation": "IMPORT"})
        place.until_task(task_id, lambda task: task["status"] == "READY")
    finally:
        remove_image(docker_client, reference)
    assert registry.asked(name) == before


def test_the_job_asks_none_that_was_allowed_when_the_image_was_registered(
    instance: Estivador, registry: Registry, docker_client: DockerClient, busybox_image: str
) -> None:
    name = f"team/{unique_name('tool')}"
    reference = registry.push(docker_client, busybox_image, f"{name}:1")
    before = registry.asked(name)
    task_id = instance.post("/task/", {"repository": reference, "pull": "always"})["task_id"]
    strict = instance.start_consumer(ESTIVADOR_REGISTRIES=ELSEWHERE)
    task = instance.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
    assert (task["status"], task["reason"]) == ("ERROR", "registry_not_allowed")
    assert "ESTIVADOR_REGISTRIES" in task["message"]
    assert registry.asked(name) == before
    instance.end(strict)
    instance.start_consumer(ESTIVADOR_REGISTRIES=f"{ELSEWHERE},{registry.address}")
    instance.post(f"/task/{task_id}/", {"operation": "IMPORT"})
    try:
        assert instance.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))["status"] == "READY"
        assert registry.asked(name) > before
    finally:
        remove_image(docker_client, reference)


def test_the_form_says_which_are_allowed(app: Flask) -> None:
    object.__setattr__(app.extensions["settings"], "registries", (ELSEWHERE, "localhost:5000"))
    person = Person(app)
    person.sign_in()
    for repository in ("redis", "ghcr.io/team/tool", "localhost/tool", f"{ELSEWHERE}:443/tool", f"{ELSEWHERE}.evil.example/tool", f"team/{ELSEWHERE}/tool"):
        answer = person.post("/ui/task/new/", repository=repository)
        assert answer.status_code == 422
        assert f"{ELSEWHERE}, localhost:5000" in answer.text
    for repository in (f"{ELSEWHERE}/tool", f"{ELSEWHERE.upper()}/tool", "localhost:5000/team/tool:1"):
        assert person.post("/ui/task/new/", repository=repository).status_code == 303
    assert person.post("/ui/task/new/", repository="redis", pull="never").status_code == 303
