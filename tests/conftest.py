"""Fixtures for all tests: a connection to the machine's Engine, a small image in it, and an Estivador."""

import gc
from collections.abc import Iterator

import docker
import pytest
from docker import DockerClient

from tests.support import fuzzing
from tests.support.images import temporary_image

pytest_plugins = ["tests.support.running"]
fuzzing.register()
# Each test makes an application: looking for garbage after every 700 new objects, as is the default, takes a third of the time.
gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def docker_client() -> Iterator[DockerClient]:
    """The Engine that DOCKER_HOST names, past all of the application's code."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def busybox_image(docker_client: DockerClient) -> Iterator[str]:
    """The tag of a small image whose command is `sh`."""
    with temporary_image(docker_client) as tag:
        yield tag
