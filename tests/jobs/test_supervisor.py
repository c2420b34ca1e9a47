"""What the supervisor makes of the Engine's list, and of clocks: the record may have moved on meanwhile."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from docker import DockerClient
from flask import Flask

from app.engine import containers
from app.engine.containers import Listed
from app.engine.errors import EngineRefused
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.ending import want_stop
from app.jobs.supervisor import InFlight, Supervisor
from app.models import Detail, move, retry
from app.states import Reason, StopCause
from tests.support.estivador import Estivador
from tests.support.stepping import details_of, submitted
from tests.support.waiting import until


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The containers that were removed; no Engine is asked."""
    gone: list[str] = []
    monkeypatch.setattr("app.engine.connection.client", lambda *_: None)
    monkeypatch.setattr(containers, "remove", lambda engine, container_id: gone.append(container_id))
    return gone


def carry(detail: Detail, *names: str) -> None:
    for name in names:
        assert move(detail, name, **({"container_id": f"{detail.attempt}" * 64} if name == "create" else {"start": time.time()} if name == "start" else {}))


def test_the_next_attempts_container_stays_though_it_came_while_the_list_was_made(app: Flask, removed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result_id = submitted(app, 1)

    def slow_list(*_: Any) -> list[Listed]:
        """Meanwhile another worker records the end of attempt 1, and creates the container of attempt 2."""

        def meanwhile() -> None:
            with app.app_context():
                detail = details_of(result_id)[0]
                assert retry(detail, time.time(), reason=Reason.EXIT, message="Ended with exit code 3.")
                carry(detail, "claim", "create")

        worker = threading.Thread(target=meanwhile)
        worker.start()
        worker.join()
        return [Listed("2" * 64, detail_id, 2, "created")]

    monkeypatch.setattr(containers, "list_ours", slow_list)
    with app.app_context():
        detail = details_of(result_id)[0]
        detail_id = detail.id
        carry(detail, "claim", "create", "send_start", "start", "exit")
        supervisor = Supervisor(app, LOCAL_ENGINE)
        supervisor.compare(supervisor.in_flight())
    assert removed == []


def test_the_timeout_of_one_attempt_is_not_the_nexts(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        detail = details_of(result_id)[0]
        carry(detail, "claim", "create", "send_start", "start", "exit")
        assert retry(detail, time.time(), reason=Reason.EXIT)
        carry(detail, "claim", "create", "send_start", "start")
        want_stop(detail.id, 1, StopCause.TIMEOUT)
        assert details_of(result_id)[0].stop_cause is None
        want_stop(detail.id, 2, StopCause.TIMEOUT)
        assert details_of(result_id)[0].stop_cause == StopCause.TIMEOUT


def test_a_container_that_cant_be_removed_is_no_trouble_of_the_engine(app: Flask, removed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    result_id = submitted(app, 2)

    def refuse(engine: Any, container_id: str) -> None:
        if container_id == "1" * 64:
            raise EngineRefused(500, "device or resource busy")
        removed.append(container_id)

    monkeypatch.setattr(containers, "remove", refuse)
    with app.app_context():
        first, second = (detail.id for detail in details_of(result_id))
        monkeypatch.setattr(containers, "list_ours", lambda *_: [Listed("1" * 64, first, 7, "dead"), Listed("2" * 64, second, 7, "exited")])
        Supervisor(app, LOCAL_ENGINE).compare(list[InFlight]())
    assert removed == ["2" * 64]


@pytest.fixture
def strangers(docker_client: DockerClient, running: Estivador, busybox_image: str) -> Iterator[dict[int, str]]:
    """Containers with this instance's label, which have ended: of an execution that was deleted, and of one that never was; by execution."""
    result_id = running.run(running.register(busybox_image), command="true")
    running.until_ended(result_id)
    deleted = running.details(result_id)[0]["detail_id"]
    until(lambda: running.request("DELETE", f"/result/{result_id}/").status_code == 204, 60, "its container is removed")
    made = {}
    for detail in (deleted, deleted + 1000):
        labels = {"instance": running.instance_id, "task": "1", "result": "1", "detail": str(detail), "attempt": "1"}
        answer: Any = docker_client.api.create_container(busybox_image, "true", labels={f"estivador.{name}": value for name, value in labels.items()})
        made[detail] = answer["Id"]
    yield made
    for row in running.containers(docker_client):
        docker_client.api.remove_container(row["Id"], force=True)


def test_what_is_left_of_a_deleted_execution_goes_and_what_never_was_ours_stays(
    running: Estivador, strangers: dict[int, str], docker_client: DockerClient
) -> None:
    gone, stays = strangers.values()
    until(lambda: gone not in {row["Id"] for row in running.containers(docker_client)}, 60, "the deleted execution's container is removed")
    assert stays in {row["Id"] for row in running.containers(docker_client)}
    until(lambda: "is not in the record" in running.said("huey_consumer"), 60, "the other is warned of")
