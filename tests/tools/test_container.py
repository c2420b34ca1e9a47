"""Dockerfile, compose.yaml and .dockerignore, held to what they name: the base image itself is not there wherever the tests run."""

import re
from typing import Any

import pytest
import yaml

from app.config import ROOT, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["estivador"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OF_THE_CONTAINER = {"ESTIVADOR_INSTANCE", "ESTIVADOR_HOST", "ESTIVADOR_PORT"}
"""What the image says itself, or compose.yaml by the port it publishes."""


def copied() -> set[str]:
    lines = re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"([A-Z_]+)=(\S+)", DOCKERFILE[DOCKERFILE.index("\nENV ") :]))


def test_each_setting_of_env_example_reaches_the_container() -> None:
    listed = set(re.findall(r"^# (ESTIVADOR_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {entry.partition("=")[0] for entry in COMPOSE["environment"]} == listed - OF_THE_CONTAINER


def test_what_is_copied_is_there_and_is_all_that_the_build_is_given() -> None:
    assert all((ROOT / path).exists() for path in copied())
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied()
    assert "*" in ignored


def test_the_image_refuses_to_start_where_nobody_says_what_is_in_front() -> None:
    with pytest.raises(Exception, match="ESTIVADOR_IN_FRONT"):
        Settings.from_environment(image_environment())
    assert Settings.from_environment({**image_environment(), "ESTIVADOR_IN_FRONT": "loopback"}).host == "0.0.0.0"


def test_it_is_published_on_the_loopback_alone_and_its_record_is_in_the_volume() -> None:
    settings = Settings.from_environment({**image_environment(), "ESTIVADOR_IN_FRONT": "loopback"})
    assert COMPOSE["ports"] == [f"127.0.0.1:${{ESTIVADOR_PORT:-8000}}:{settings.port}"]
    assert f"instance:{settings.instance}" in COMPOSE["volumes"]
    assert f"127.0.0.1:{settings.port}/health/" in COMPOSE["healthcheck"]["test"][-1]
