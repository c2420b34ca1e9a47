"""A task's defaults under what a request gives, and what does not go together once they are one."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Settings
from app.errors import Unfit
from app.services.parameters import changed, check, merged
from tests.support.stepping import ready_task

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("defaults", "own", "together"),
    [
        ({}, {}, {}),
        ({"env": {"A": "1", "B": "1"}}, {"env": {"B": "2"}}, {"env": {"A": "1", "B": "2"}}),
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {"b": "2"}}, {"labels": {"a": "1", "b": "2"}}),
        ({"env": {"A": "1"}, "labels": {"a": "1"}}, {"env": {}, "labels": {}}, {"env": {"A": "1"}, "labels": {"a": "1"}}),
        ({"env": None}, {"env": {"A": "1"}}, {"env": {"A": "1"}}),
        ({"matrix": {"A": ["1"]}}, {"matrix": {"B": ["2"]}}, {"matrix": {"B": ["2"]}}),
        ({"retry_on": [1], "memory": "1g", "priority": 5}, {"retry_on": ["oom"], "priority": 0}, {"retry_on": ["oom"], "memory": "1g", "priority": 0}),
        ({"env": {"A": "1"}, "labels": {"a": "1"}, "user": "a"}, {"env": None, "labels": None, "user": None}, {}),
    ],
)
def test_a_request_is_laid_over_the_defaults(defaults: dict[str, Any], own: dict[str, Any], together: dict[str, Any]) -> None:
    assert merged(defaults, own) == together


def test_a_change_of_a_rerun_takes_the_place_of_the_whole() -> None:
    assert changed({"env": {"A": "1"}, "labels": {"a": "1"}, "user": "a"}, {"env": {"B": "2"}, "user": None}) == {"env": {"B": "2"}, "labels": {"a": "1"}}


@pytest.mark.parametrize(
    ("parameters", "settings", "says"),
    [
        ({"memory": "65m"}, {"max_memory": 64 * MIB}, "`memory`: Is 65m; this instance allows at most 64m (ESTIVADOR_MAX_MEMORY)"),
        ({"shm_size": 65 * MIB}, {"max_memory": 64 * MIB}, "`shm_size`"),
        ({"cpus": 1.5}, {"max_cpus": 1.0}, "`cpus`: Is 1.5; this instance allows at most 1 (ESTIVADOR_MAX_CPUS)"),
        ({"network": "other"}, {}, "`network`: other is not allowed on this instance: take one of bridge, none."),
        ({"network": "other"}, {"networks": ("mine",)}, "take one of bridge, none, mine."),
        ({"network": "bridge"}, {"profile": "strict"}, "Profile strict has no network"),
        ({"network": "mine", "profile": "strict"}, {"networks": ("mine",)}, "Profile strict has no network"),
        ({"profile": "standard"}, {"profile": "strict"}, "ESTIVADOR_PROFILE"),
        ({"env": {"A": "1"}, "matrix": {"A": ["1"]}}, {}, "`matrix`: 'A' is in the environment too"),
        ({"matrix": {"A": ["1", "2"]}}, {}, "100,002 executions in all; at most 100,000"),
    ],
)
def test_what_does_not_go_together_or_is_not_allowed_is_refused_with_a_sentence(parameters: dict[str, Any], settings: dict[str, Any], says: str) -> None:
    with pytest.raises(Unfit) as refused:
        check(parameters, Settings(**settings), 50_001)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        ({}, {"max_memory": 64 * MIB, "max_cpus": 0.5, "profile": "strict"}),
        ({"memory": "64m", "cpus": 0.5, "shm_size": "64m"}, {"max_memory": 64 * MIB, "max_cpus": 0.5}),
        ({"network": "mine", "profile": "standard"}, {"networks": ("mine",)}),
        ({"network": "none", "profile": "strict"}, {"profile": "strict"}),
        ({"matrix": {"A": ["1", "2"]}, "env": {"B": "1"}}, {}),
    ],
)
def test_what_is_allowed_passes(parameters: dict[str, Any], settings: dict[str, Any]) -> None:
    check(parameters, Settings(**settings), 50_000)


@pytest.mark.parametrize(
    ("defaults", "own"),
    [
        ({"env": {"A": "1"}}, {"matrix": {"A": [2]}}),
        ({"network": "bridge"}, {"profile": "strict"}),
        ({"matrix": {"A": [*range(100)]}}, {"times": 1001}),
        ({"command": ["c" * 40_000]}, {"env": {"A": "a" * 40_000}}),
    ],
)
def test_what_does_not_go_with_the_defaults_is_refused_and_nothing_runs(app: Flask, client: FlaskClient, defaults: dict[str, Any], own: dict[str, Any]) -> None:
    task_id = ready_task(app)
    assert client.patch(f"/task/{task_id}/", json={"parameters": defaults}).status_code == 200
    answer = client.post(f"/task/{task_id}/", json=own)
    assert (answer.status_code, client.get("/result/").json) == (422, [])
    assert answer.get_json()["message"].startswith("`")
