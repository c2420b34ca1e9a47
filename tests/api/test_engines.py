import dataclasses
import gc
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import DockerClient
from flask import Flask
from flask.testing import FlaskClient

from app.config import EngineAddress
from app.engine import connection, images
from app.extensions import db
from app.models import Consumer, Engine, move
from app.services import health, tasks
from tests.support.estivador import Estivador
from tests.support.names import free_port
from tests.support.stepping import details_of, submitted
from tests.support.waiting import until


def elsewhere(app: Flask, url: str) -> None:
    """Let the application look for its Engine at another address."""
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], engine=EngineAddress(url))


def test_an_engine_says_what_it_is(app: Flask, client: FlaskClient, docker_client: DockerClient) -> None:
    with app.app_context():
        assert move(details_of(submitted(app, 1))[0], "claim")
        db.session.add(Consumer(id="a", host="here", pid=7, started_at=1.0, seen_at=time.time()))
        db.session.add(Consumer(id="b", host="here", pid=6, started_at=0.5, seen_at=2.0))
        db.session.commit()
    (engine,) = client.get("/engine/").get_json()
    said, version = docker_client.info(), docker_client.version()
    assert (engine["engine_id"], engine["name"], engine["slots"], engine["held"]) == (1, "local", 4, 1)
    assert (engine["version"], engine["api_version"], engine["operating_system"]) == (version["Version"], version["ApiVersion"], said["OperatingSystem"])
    assert (engine["cpus"], engine["memory"], engine["trouble"]) == (said["NCPU"], said["MemTotal"], None)
    assert engine["running"] >= 0
    assert engine["disk"] is None or engine["disk"].keys() == {"images", "containers", "volumes"}
    assert [(row["pid"], row["alive"]) for row in engine["consumers"]] == [(7, True), (6, False)]


def test_an_engine_that_is_not_there_is_told_with_its_trouble(app: Flask, client: FlaskClient) -> None:
    elsewhere(app, f"tcp://127.0.0.1:{free_port()}")
    (engine,) = client.get("/engine/").get_json()
    assert (engine["version"], engine["memory"], engine["disk"], engine["slots"]) == (None, None, None, 4)
    assert "does not answer" in engine["trouble"]


def test_images_of_the_store_are_suggested(app: Flask, docker_client: DockerClient, busybox_image: str) -> None:
    with app.app_context():
        assert busybox_image in images.local_references(connection.client(app.extensions["settings"].engine, 10))
        found = tasks.suggestions()
    assert found == sorted(found)
    assert len(found) <= 200
    assert not [name for name in found if "<none>" in name]


def test_an_engine_that_never_answers_is_not_waited_for(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        elsewhere(app, f"tcp://127.0.0.1:{listening.getsockname()[1]}")
        with app.app_context():
            assert tasks.suggestions() == []


def test_what_the_supervisor_noted_is_told_without_asking(app: Flask) -> None:
    with app.app_context():
        assert health.noted()["consumer"] != "ok"
        assert health.noted()["engine"] == "ok", "nobody is there to know"
        db.session.add(Consumer(id="a", host="here", pid=7, started_at=1.0, seen_at=time.time()))
        engine = db.session.get_one(Engine, 1)
        engine.seen_at = time.time()
        db.session.commit()
        assert set(health.noted().values()) == {"ok"}
        for trouble, seen_at in (("connection refused", time.time()), (None, time.time() - 60)):
            engine.trouble, engine.seen_at = trouble, seen_at
            db.session.commit()
            assert "does not answer" in health.noted()["engine"]
            assert "refused" not in health.noted()["engine"]


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # the SDK leaves the one open that it could not connect
def test_one_that_this_user_may_not_use_is_told_as_such(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "docker.sock"))
        listening.listen()
        elsewhere(app, f"unix://{tmp_path / 'docker.sock'}")
        with app.app_context(), somebody():
            said = connection.answers(app.extensions["settings"].engine)
    gc.collect()
    assert said is not None and "Permission denied" in said
    with app.app_context():
        told = health.engine_out(app.extensions["settings"], said)
    assert "may not use" in told and "group" in told and "does not answer" not in told


@contextmanager
def somebody() -> Iterator[None]:
    """Be a user with no rights at all, whom the kernel asks for them."""
    user, group = os.geteuid(), os.getegid()
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        os.setegid(group)


def test_a_consumer_that_runs_is_listed(running: Estivador) -> None:
    until(lambda: [row["alive"] for row in running.get("/engine/")[0]["consumers"]] == [True], 60, "the consumer says that it is alive")
    until(lambda: running.get("/engine/")[0]["seen_at"], 60, "the supervisor had an answer of the Engine")
