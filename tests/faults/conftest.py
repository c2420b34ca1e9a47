"""A second Docker daemon, of the tests' own, and an Estivador that reaches it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dockerd import OwnDockerd
from tests.support.estivador import Estivador


@pytest.fixture
def dockerd() -> Iterator[OwnDockerd]:
    """One that does not run yet."""
    daemon = OwnDockerd()
    yield daemon
    daemon.close()


@pytest.fixture
def place(tmp_path: Path, dockerd: OwnDockerd) -> Iterator[Estivador]:
    """An Estivador on that one, without a consumer so far."""
    estivador = Estivador(tmp_path / "instance", DOCKER_HOST=dockerd.address)
    estivador.start_web()
    yield estivador
    estivador.close()
