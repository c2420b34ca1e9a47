"""Fixtures: an application in this process, and a whole Estivador in processes of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from app import create_app
from app.config import Settings
from app.extensions import db, huey
from app.jobs.consumer import take_up_engine
from app.services.setup import prepare
from tests.support.engine_proxy import EngineProxy
from tests.support.estivador import Estivador
from tests.support.recorder import Recorder
from tests.support.registry import Registry
from tests.support.waiting import until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a fresh instance."""
    return Settings(instance=tmp_path / "instance", slots=4)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an instance that is ready and was never used, to be copied: what the migrations make is the same each time."""
    folder = tmp_path_factory.mktemp("prepared") / "instance"
    application = create_app(Settings(instance=folder))
    with application.app_context():
        prepare(application.extensions["settings"])
        db.session.remove()
        db.engine.dispose()
    huey.storage.close()
    return folder


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates that one application has compiled, for the next one."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("compiled")))


@pytest.fixture
def app(settings: Settings, prepared: Path, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    """An application on a fresh instance. No consumer runs; `huey.execute(huey.dequeue())` steps one job."""
    if not settings.instance.exists():
        shutil.copytree(prepared, settings.instance)
    application = create_app(settings)
    application.config["TESTING"] = True
    application.jinja_env.bytecode_cache = compiled
    with application.app_context():
        prepare(settings)
        take_up_engine(settings)
    yield application
    with application.app_context():
        db.engine.dispose()
    huey.storage.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that carries the admin token."""
    browser = app.test_client()
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {(Path(app.instance_path) / 'admin-token').read_text().strip()}"
    return browser


@contextmanager
def whole_estivador(folder: Path, client: DockerClient, **environment: str) -> Iterator[Estivador]:
    """An Estivador whose web server runs and whose consumer does not yet. Its containers are gone at the end, or this fails."""
    place = Estivador(folder, **environment)
    try:
        place.start_web()
        yield place
        # What has ended may be about to be removed: that belongs to it.
        until(lambda: not place.containers(client), 60, "no container is left")
    finally:
        place.close()
        left = place.containers(client)
        for container in left:
            client.api.remove_container(container["Id"], force=True, v=True)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real registry that wants no login, for the tests of a file."""
    place = Registry(tmp_path_factory.mktemp("registry"))
    place.start()
    yield place
    place.stop()


@pytest.fixture
def instance(tmp_path: Path, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador of this test's own, without a consumer so far."""
    with whole_estivador(tmp_path / "instance", docker_client) as place:
        yield place


@pytest.fixture
def running(instance: Estivador) -> Estivador:
    """An Estivador with web server and consumer."""
    instance.start_consumer()
    return instance


@pytest.fixture
def engine_proxy(docker_client: DockerClient) -> Iterator[EngineProxy]:
    """A proxy in front of the machine's Engine."""
    proxy = EngineProxy(_address(docker_client).removeprefix("unix://"))
    yield proxy
    proxy.close()


@pytest.fixture
def watched(tmp_path: Path, docker_client: DockerClient, engine_proxy: EngineProxy) -> Iterator[Estivador]:
    """An Estivador that reaches the Engine through the proxy, without a consumer so far."""
    with whole_estivador(tmp_path / "instance", docker_client, DOCKER_HOST=engine_proxy.address) as place:
        yield place


@pytest.fixture
def recorder(instance: Estivador, docker_client: DockerClient) -> Iterator[Recorder]:
    """The independent record of what the Engine did with this instance's containers."""
    record = Recorder(_address(docker_client), f"estivador.instance={instance.instance_id}")
    yield record
    record.stop()


def _address(client: DockerClient) -> str:
    adapter: Any = client.api.get_adapter("http+docker://localhost")
    return f"unix://{adapter.socket_path}"
