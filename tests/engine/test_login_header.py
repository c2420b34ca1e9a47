"""The header that carries a login to the Engine."""

import base64
import json

import docker
import pytest
from docker import DockerClient

from app.engine.images import Login, _login_header
from app.engine.references import parse


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("registry.example:5000/team/tool:1", "registry.example:5000"),
        ("johncosta/redis", docker.auth.INDEX_URL),
        ("redis", docker.auth.INDEX_URL),
        ("docker.io/library/redis:7", docker.auth.INDEX_URL),
    ],
)
def test_it_names_the_registry_as_every_engine_knows_it(docker_client: DockerClient, reference: str, address: str) -> None:
    header = _login_header(docker_client.api, parse(reference), Login("me", "pässword"))
    assert json.loads(base64.urlsafe_b64decode(header or b"")) == {"username": "me", "password": "pässword", "serveraddress": address}
