"""Pulls with a login of the task's own, from a real registry that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.images import build_image, image_id, random_file, remove_image
from tests.support.names import unique_name
from tests.support.registry import PASSWORD, USER, Registry

RIGHT = {"registry_username": USER, "registry_password": PASSWORD}
WRONG = {"registry_username": USER, "registry_password": "c4n4ry-wrong-password"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    place = Registry(tmp_path_factory.mktemp("registry"), login=True)
    place.start()
    yield place
    place.stop()


@pytest.fixture
def private(registry: Registry, docker_client: DockerClient) -> Iterator[tuple[str, str]]:
    """The reference and id of an image that nobody gets without a login."""
    tag = build_image(docker_client, random_file(0.1))
    identity = image_id(docker_client, tag)
    reference = registry.push(docker_client, tag, f"team/{unique_name('tool')}:1")
    for name in (reference, tag):
        remove_image(docker_client, name)
    yield reference, identity
    remove_image(docker_client, reference)


def ended(place: Estivador, task_id: int) -> tuple[str, str | None, str | None]:
    task = place.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
    return task["status"], task["reason"], task["image_id"]


def test_the_right_login_brings_the_image_in(running: Estivador, private: tuple[str, str]) -> None:
    task_id = running.register(private[0], **RIGHT)
    assert ended(running, task_id) == ("READY", None, private[1])
    assert running.get(f"/task/{task_id}/")["registry_username"] == USER


def test_a_wrong_login_is_named_and_an_import_with_the_right_one_mends_it(running: Estivador, private: tuple[str, str]) -> None:
    task_id = running.register(private[0], **WRONG)
    assert ended(running, task_id) == ("ERROR", "credentials_refused", None)
    assert "registry_username" in running.get(f"/task/{task_id}/")["message"]
    running.post(f"/task/{task_id}/", {"operation": "IMPORT", **RIGHT})
    assert ended(running, task_id) == ("READY", None, private[1])
    running.post(f"/task/{task_id}/", {"operation": "IMPORT", "pull": "always"})
    assert ended(running, task_id) == ("READY", None, private[1]), "the login stays with the task"
    said = running.said("huey_consumer") + running.said("gunicorn")
    assert "import of" in said
    assert not [word for word in (PASSWORD, WRONG["registry_password"]) if word in said]


def test_a_login_that_cant_be_decrypted_is_named_and_mended_by_the_file(instance: Estivador, private: tuple[str, str]) -> None:
    task_id = instance.post("/task/", {"repository": private[0], **RIGHT})["task_id"]
    keys: Path = instance.folder / "secret-keys"
    keys.rename(instance.folder / "elsewhere")
    instance.start_consumer()
    assert ended(instance, task_id) == ("ERROR", "secrets_unreadable", None)
    assert "secret-keys" in instance.get(f"/task/{task_id}/")["message"]
    (instance.folder / "elsewhere").rename(keys)
    instance.post(f"/task/{task_id}/", {"operation": "IMPORT"})
    assert ended(instance, task_id) == ("READY", None, private[1])
