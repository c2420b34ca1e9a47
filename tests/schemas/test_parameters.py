"""Run parameters as the API reads them: what is taken as it is given, and what is refused with a sentence, by field."""

import re
from typing import Any

import marshmallow as ma
import pytest

from app.config import ROOT
from app.schemas.requests import PARAMETERS, OperateDetailSchema, OperateResultSchema, OperateTaskSchema, ParametersSchema

TAKEN: list[tuple[str, Any, Any]] = [
    ("command", "a 'b c'", ["a", "b c"]),
    ("entrypoint", "a 'b c'", ["a", "b c"]),
    ("entrypoint", ["/bin/sh", "-c"], ["/bin/sh", "-c"]),
    ("env", {"A": 1, "B": 0.5, "C": ""}, {"A": "1", "B": "0.5", "C": ""}),
    ("workdir", "/", "/"),
    ("workdir", "/a b/ü", "/a b/ü"),
    ("user", "nobody", "nobody"),
    ("user", "0", "0"),
    ("user", "1000:1000", "1000:1000"),
    ("user", "www-data:adm", "www-data:adm"),
    ("user", "2147483647", "2147483647"),
    ("labels", {"a.b/c": 1, "d": ""}, {"a.b/c": "1", "d": ""}),
    ("labels", {"estivador": "x"}, {"estivador": "x"}),
    ("labels", {f"l{number}": "v" * 1024 for number in range(64)}, {f"l{number}": "v" * 1024 for number in range(64)}),
    ("memory", "6m", "6m"),
    ("memory", "64MiB", "64MiB"),
    ("memory", "1.5 GB", "1.5 GB"),
    ("memory", 6 * 1024 * 1024, 6 * 1024 * 1024),
    ("memory", 7e6, 7_000_000),
    ("cpus", 0.01, 0.01),
    ("cpus", 1024, 1024.0),
    ("pids", 1, 1),
    ("pids", 4_194_304, 4_194_304),
    ("shm_size", "1g", "1g"),
    ("shm_size", 4096, 4096),
    ("network", "bridge", "bridge"),
    ("network", "my_net.1-a", "my_net.1-a"),
    ("profile", "strict", "strict"),
    ("timeout", 0.1, 0.1),
    ("stop_grace", 0, 0.0),
    ("stop_grace", 3600, 3600.0),
    ("retries", 0, 0),
    ("retries", 100, 100),
    ("retry_delay", 0, 0.0),
    ("retry_delay", 600, 600.0),
    ("retry_on", [1, 255, "exit", "oom", "timeout", "engine", 1], [1, 255, "exit", "oom", "timeout", "engine"]),
    ("parallel", 1, 1),
    ("priority", -100, -100),
    ("priority", 100, 100),
    ("max_failures", 1, 1),
    ("matrix", {"A": [1, "x", 0.5], "B": [""]}, {"A": ["1", "x", "0.5"], "B": [""]}),
]
REFUSED: list[tuple[str, Any]] = [
    ("entrypoint", ""),
    ("entrypoint", []),
    ("entrypoint", [""]),
    ("entrypoint", "'"),
    ("entrypoint", ["a\0"]),
    ("entrypoint", {"a": "b"}),
    ("env", {"A": float("nan")}),
    ("env", {"A": True}),
    ("env", {"": "1"}),
    ("workdir", "a"),
    ("workdir", ""),
    ("workdir", "../a"),
    ("workdir", "/a\nb"),
    ("workdir", "/a\0b"),
    ("workdir", "/" * 4097),
    ("workdir", 1),
    ("user", ""),
    ("user", ":"),
    ("user", "a:"),
    ("user", "a:b:c"),
    ("user", "a b"),
    ("user", "-1"),
    ("user", "2147483648"),
    ("user", "a\n"),
    ("user", 1000),
    ("labels", ["a"]),
    ("labels", {"": "1"}),
    ("labels", {"a=b": "1"}),
    ("labels", {"a b": "1"}),
    ("labels", {"a\n": "1"}),
    ("labels", {"x" * 256: "1"}),
    ("labels", {"a": "v" * 1025}),
    ("labels", {"a": "\0"}),
    ("labels", {"a": "\ud800"}),
    ("labels", {"a": None}),
    ("labels", {"a": True}),
    ("labels", {"a": float("inf")}),
    ("labels", {"estivador.result": "1"}),
    ("labels", {"Estivador.x": "1"}),
    ("labels", {str(number): "" for number in range(65)}),
    ("memory", "5m"),
    ("memory", 6 * 1024 * 1024 - 1),
    ("memory", "2000t"),
    ("memory", 10**30),
    ("memory", "-6m"),
    ("memory", "6 x"),
    ("memory", "1e9"),
    ("memory", "\u0661g"),
    ("memory", ""),
    ("memory", True),
    ("memory", 7e6 + 0.5),
    ("memory", ["6m"]),
    ("cpus", 0),
    ("cpus", 0.009),
    ("cpus", -1),
    ("cpus", 1024.1),
    ("cpus", "1"),
    ("cpus", True),
    ("cpus", float("nan")),
    ("cpus", float("inf")),
    ("cpus", 10**400),
    ("pids", 0),
    ("pids", -1),
    ("pids", 4_194_305),
    ("pids", "3"),
    ("pids", True),
    ("pids", 1.5),
    ("shm_size", 4095),
    ("shm_size", "64 parsecs"),
    ("network", ""),
    ("network", "host"),
    ("network", "Host"),
    ("network", "default"),
    ("network", "container:abc"),
    ("network", "a b"),
    ("network", "bridge\n"),
    ("network", "x" * 256),
    ("network", 1),
    ("profile", "Strict"),
    ("profile", "privileged"),
    ("profile", ""),
    ("timeout", 0),
    ("timeout", float("nan")),
    ("timeout", True),
    ("stop_grace", -1),
    ("stop_grace", 3600.1),
    ("stop_grace", "10"),
    ("retries", -1),
    ("retries", 101),
    ("retries", "1"),
    ("retries", True),
    ("retry_delay", -0.1),
    ("retry_delay", 601),
    ("retry_delay", float("nan")),
    ("retry_on", "oom"),
    ("retry_on", []),
    ("retry_on", [0]),
    ("retry_on", [256]),
    ("retry_on", [-1]),
    ("retry_on", [True]),
    ("retry_on", [1.5]),
    ("retry_on", ["1"]),
    ("retry_on", ["OOM"]),
    ("retry_on", [["oom"]]),
    ("parallel", 0),
    ("parallel", 100_001),
    ("parallel", "2"),
    ("priority", -101),
    ("priority", 101),
    ("priority", 0.5),
    ("max_failures", 0),
    ("max_failures", True),
    ("matrix", {}),
    ("matrix", []),
    ("matrix", {"A": []}),
    ("matrix", {"A": "x"}),
    ("matrix", {"A": {"x": 1}}),
    ("matrix", {"A": [None]}),
    ("matrix", {"A": [True]}),
    ("matrix", {"A": [float("nan")]}),
    ("matrix", {"A": ["\0"]}),
    ("matrix", {"A": [1, "1"]}),
    ("matrix", {"A": [1, 2, 1]}),
    ("matrix", {"A=B": [1]}),
    ("matrix", {"": [1]}),
    ("matrix", {"ESTIVADOR_INDEX": [1]}),
    ("matrix", {"A": ["x" * 65_536]}),
    ("matrix", {name: [*range(400)] for name in "AB"}),
]
TOGETHER: list[tuple[dict[str, Any], str, str]] = [
    ({"times": 1001, "matrix": {"A": [*range(10)], "B": [*range(10)]}}, "matrix", "100 combinations, 100,100 executions"),
    ({"matrix": {str(number): [1, 2, 3] for number in range(20_000)}}, "matrix", "more than a trillion"),
    ({"matrix": {"A": [1]}, "env": {"A": "2"}}, "matrix", "'A' is in the environment too"),
    ({"matrix": {"A": ["a" * 30_000, "b"]}, "env": {"B": "b" * 30_000}, "command": ["c" * 6_000]}, "matrix", "at most 65536"),
    ({"env": {"B": "b" * 40_000}, "command": ["c" * 30_000]}, "env", "at most 65536"),
    ({"entrypoint": ["b" * 40_000], "command": ["c" * 30_000]}, "command", "at most 65536"),
    ({"profile": "strict", "network": "bridge"}, "network", "Profile strict has no network"),
]


@pytest.mark.parametrize(("name", "value", "kept"), TAKEN)
def test_what_fits_is_taken(name: str, value: Any, kept: Any) -> None:
    loaded = ParametersSchema().load({name: value})
    assert loaded == {name: kept}
    assert type(loaded[name]) is type(kept)


@pytest.mark.parametrize("name", sorted(ParametersSchema().fields))
def test_null_is_taken_for_each(name: str) -> None:
    assert ParametersSchema().load({name: None}) == {name: None}


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_does_not_fit_is_refused_by_field(name: str, value: Any) -> None:
    with pytest.raises(ma.ValidationError) as refused:
        ParametersSchema().load({name: value})
    assert list(refused.value.messages_dict) == [name]


@pytest.mark.parametrize(("body", "name", "says"), TOGETHER)
def test_what_does_not_go_together_is_refused_by_field(body: dict[str, Any], name: str, says: str) -> None:
    with pytest.raises(ma.ValidationError) as refused:
        OperateTaskSchema().load(body)
    assert says in refused.value.messages_dict[name][0]


def test_what_goes_together_is_taken() -> None:
    OperateTaskSchema().load({"times": 1000, "matrix": {"A": [*range(10)], "B": [*range(10)]}, "env": {"C": "1"}})
    OperateTaskSchema().load({"profile": "strict", "network": "none"})


@pytest.mark.parametrize("schema", [OperateTaskSchema, OperateResultSchema, OperateDetailSchema])
def test_every_parameter_goes_with_a_run_and_with_each_rerun(schema: type[ma.Schema]) -> None:
    assert ParametersSchema().fields.keys() <= schema().fields.keys()
    assert ParametersSchema().fields.keys() | {"times"} == PARAMETERS


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_no_parameter_goes_with_an_import(name: str) -> None:
    with pytest.raises(ma.ValidationError):
        OperateTaskSchema().load({"operation": "IMPORT", name: 1 if name == "times" else None})


def test_each_says_in_the_document_what_it_is() -> None:
    assert [name for name, field in ParametersSchema().fields.items() if not field.metadata.get("description")] == []


def test_the_readme_has_each_in_its_table() -> None:
    table = (ROOT / "README.md").read_text().split("## Parameters of a run")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) >= PARAMETERS
