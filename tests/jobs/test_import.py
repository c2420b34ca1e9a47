"""Registration against the Engine's store and real registries."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.images import build_image, image_id, random_file, remove_image
from tests.support.names import free_port, unique_name
from tests.support.registry import Registry


@pytest.fixture
def proxy(registry: Registry) -> Iterator[FaultyProxy]:
    place = FaultyProxy(registry.port)
    place.up()
    yield place
    place.heal()
    place.down()


def pushed(registry: Registry, client: DockerClient, megabytes: float = 0.1) -> tuple[str, str]:
    """Push an image no other test has, remove it here, and return its reference and id."""
    tag = build_image(client, random_file(megabytes))
    identity = image_id(client, tag)
    reference = registry.push(client, tag, f"team/{unique_name('tool')}:1")
    for name in (reference, tag):
        remove_image(client, name)
    return reference, identity


def imported(place: Estivador, reference: str, **body: object) -> dict[str, object]:
    found: dict[str, object] = place.get(f"/task/{place.register(reference, **body)}/")
    return found


def test_an_image_in_the_store_needs_no_registry(running: Estivador, busybox_image: str, docker_client: DockerClient) -> None:
    task = imported(running, busybox_image, name="local")
    assert (task["status"], task["image_id"], task["reason"]) == ("READY", image_id(docker_client, busybox_image), None)


def test_an_image_is_pulled_and_its_id_pinned(running: Estivador, registry: Registry, docker_client: DockerClient) -> None:
    reference, identity = pushed(registry, docker_client, megabytes=3)
    try:
        task = imported(running, reference)
        assert (task["status"], task["image_id"]) == ("READY", identity)
        assert task["progress"] is not None
    finally:
        remove_image(docker_client, reference)


def test_never_asks_no_registry(running: Estivador, registry: Registry, docker_client: DockerClient) -> None:
    reference, _ = pushed(registry, docker_client)
    task = imported(running, reference, pull="never")
    assert (task["status"], task["reason"]) == ("ERROR", "not_in_store")


def test_always_finds_out_that_the_registry_has_it_no_more(running: Estivador, registry: Registry, docker_client: DockerClient, busybox_image: str) -> None:
    gone = f"{registry.address}/team/gone:1"
    docker_client.api.tag(busybox_image, gone)
    try:
        assert imported(running, gone)["status"] == "READY"
        task = imported(running, gone, name="asks", pull="always")
        assert (task["status"], task["reason"]) == ("ERROR", "image_not_found")
    finally:
        remove_image(docker_client, gone)


def test_a_registry_that_is_down_is_named_as_the_reason(running: Estivador) -> None:
    task = imported(running, f"127.0.0.1:{free_port()}/team/tool:1")
    assert (task["status"], task["reason"]) == ("ERROR", "registry_unreachable")


def test_a_registry_that_wants_a_login_is_named_as_the_reason(running: Estivador, tmp_path: Path) -> None:
    place = Registry(tmp_path / "registry", login=True)
    place.start()
    try:
        task = imported(running, f"{place.address}/team/tool:1")
    finally:
        place.stop()
    assert (task["status"], task["reason"]) == ("ERROR", "credentials_refused")
    assert "docker login" in str(task["message"])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.UNAUTHORIZED, "credentials_refused"),
        (Fault.SERVER_ERROR, "registry_error"),
        (Fault.LAYER_MISSING, "layer_failed"),
        (Fault.LAYER_CORRUPT, "layer_failed"),
        (Fault.HANG, "pull_timeout"),
        (Fault.LAYER_HANG, "pull_timeout"),
    ],
)
def test_a_registry_that_misbehaves_ends_in_error_and_heals(
    instance: Estivador, registry: Registry, proxy: FaultyProxy, docker_client: DockerClient, fault: Fault, reason: str
) -> None:
    instance.start_consumer(ESTIVADOR_PULL_IDLE_TIMEOUT="3")
    direct, identity = pushed(registry, docker_client, megabytes=4)
    reference = proxy.reference(direct)
    proxy.fault = fault
    task_id = instance.register(reference)
    task = instance.get(f"/task/{task_id}/")
    assert (task["status"], task["reason"], task["image_id"]) == ("ERROR", reason, None)
    proxy.fault = Fault.NONE
    proxy.heal()
    instance.post(f"/task/{task_id}/", {"operation": "IMPORT"})
    task = instance.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
    assert (task["status"], task["image_id"]) == ("READY", identity)
    remove_image(docker_client, reference)


def test_a_consumer_that_ends_in_a_pull_goes_at_once_and_the_next_takes_it_up(
    instance: Estivador, registry: Registry, proxy: FaultyProxy, docker_client: DockerClient
) -> None:
    import signal

    direct, identity = pushed(registry, docker_client)
    reference = proxy.reference(direct)
    proxy.fault = Fault.HANG
    consumer = instance.start_consumer()
    task_id = instance.post("/task/", {"repository": reference})["task_id"]
    instance.until_task(task_id, lambda task: task["status"] == "IMPORTING")
    instance.end(consumer, signal.SIGTERM)
    assert instance.get(f"/task/{task_id}/")["status"] == "IMPORTING"
    proxy.fault = Fault.NONE
    proxy.heal()
    instance.start_consumer()
    task = instance.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
    assert (task["status"], task["image_id"]) == ("READY", identity)
    remove_image(docker_client, reference)


def test_who_brought_an_image_into_the_store_is_written_down(running: Estivador, registry: Registry, docker_client: DockerClient) -> None:
    reference, identity = pushed(registry, docker_client)
    try:
        ours = running.register(reference, name="ours")
        found = running.register(reference, name="found")
        asked = running.register(reference, name="asked", pull="always")
        told = [(row["image_id"], row["pulled"]) for task_id in (ours, found, asked) for row in running.get(f"/task/{task_id}/image/")]
        assert told == [(identity, True), (identity, False), (identity, False)], "only the pull that changed the store"
    finally:
        remove_image(docker_client, reference)
