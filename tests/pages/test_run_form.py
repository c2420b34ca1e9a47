"""Every parameter of a run through the forms: what is typed is stored, and what is stored is shown so that it stays."""

from html import unescape
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.config import Settings
from app.extensions import db
from app.jobs import disclosed
from app.models import Result
from app.pages.parameters import FIELDS, facts, form_of, read_run, text_of
from app.schemas.requests import ParametersSchema
from app.services import results, secret_environment, tasks
from tests.pages.filled import changed, run_form
from tests.pages.person import Person
from tests.pages.test_forms import Fields
from tests.support.stepping import ready_task

SECRET = "c4n4ry=\u00e4"
EVERY: dict[str, tuple[dict[str, Any], Any]] = {
    "command": ({"command": "sh -c 'a  b' \"c\""}, ["sh", "-c", "a  b", "c"]),
    "entrypoint": ({"entrypoint": "/bin/sh -c"}, ["/bin/sh", "-c"]),
    "env": ({"env": "A=1\r\nB= x = y \r\nC="}, {"A": "1", "B": " x = y ", "C": ""}),
    "secret_env": ({"secret_env": f"TOKEN={SECRET}"}, {"TOKEN": SECRET}),
    "matrix": ({"matrix": 'SEED = 1, 2\r\nSIZE = small, "a, b", ""'}, {"SEED": ["1", "2"], "SIZE": ["small", "a, b", ""]}),
    "workdir": ({"workdir": " /work "}, "/work"),
    "user": ({"user": "1000:1000"}, "1000:1000"),
    "labels": ({"labels": "team=numbers\r\nowner="}, {"team": "numbers", "owner": ""}),
    "memory": ({"memory": "512m"}, "512m"),
    "cpus": ({"cpus": "1.5"}, 1.5),
    "pids": ({"pids": "64"}, 64),
    "shm_size": ({"shm_size": "67108864"}, 67_108_864),
    "network": ({"network": "none"}, "none"),
    "profile": ({"profile": "strict"}, "strict"),
    "timeout": ({"timeout": "3600"}, 3600.0),
    "stop_grace": ({"stop_grace": "0.5"}, 0.5),
    "retries": ({"retries": "3"}, 3),
    "retry_delay": ({"retry_delay": "5"}, 5.0),
    "retry_on": ({"retry_on": ["exit", "oom", "75, 111"]}, ["exit", "oom", 75, 111]),
    "parallel": ({"parallel": "4"}, 4),
    "priority": ({"priority": "-7"}, -7),
    "max_failures": ({"max_failures": "10"}, 10),
}
TYPED = {name: text for typed, _ in EVERY.values() for name, text in typed.items()}
STORED = {name: value for name, (_, value) in EVERY.items() if name != "secret_env"}


@pytest.fixture
def task(app: Flask) -> int:
    """A READY task without defaults."""
    return ready_task(app)


def stored(app: Flask, answer: TestResponse) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters of the result that an answer leads to, and its secrets."""
    assert answer.status_code == 303, answer.text
    with app.app_context():
        result = db.session.get_one(Result, int(answer.headers["Location"].rstrip("/").split("/")[-1]))
        return result.parameters, disclosed.environment(result)


def test_every_parameter_has_a_case_here() -> None:
    assert EVERY.keys() == set(ParametersSchema().fields) == set(FIELDS)


@pytest.mark.parametrize("path", ["/ui/task/1/", "/ui/task/1/edit/", "/ui/task/new/", "/ui/result/1/rerun/"])
def test_every_form_has_every_parameter_with_a_label(app: Flask, person: Person, task: int, path: str) -> None:
    with app.app_context():
        results.submit(task)
    answer = person.get(path)
    assert set(FIELDS) <= set(run_form(answer))
    for name in FIELDS:
        assert f'<label for="{name}">' in answer.text
        assert answer.text.count(f'id="{name}"') == 1


@pytest.mark.parametrize("name", FIELDS)
def test_a_parameter_goes_into_the_record_and_back_into_the_form(app: Flask, person: Person, task: int, name: str) -> None:
    typed, value = EVERY[name]
    form = run_form(person.get(f"/ui/task/{task}/"))
    first = person.post(f"/ui/task/{task}/", **changed(form, **typed))
    parameters, secrets = stored(app, first)
    assert (secrets if name == "secret_env" else parameters[name]) == value
    again = run_form(person.get(f"{first.headers['Location']}rerun/"))
    assert stored(app, person.post(f"{first.headers['Location']}rerun/", **changed(again))) == (parameters, secrets)


def test_all_of_them_go_together_and_are_cleared_together(app: Flask, person: Person, task: int) -> None:
    form = run_form(person.get(f"/ui/task/{task}/"))
    first = person.post(f"/ui/task/{task}/", **changed(form, **TYPED)).headers["Location"]
    again = run_form(person.get(f"{first}rerun/"))
    assert stored(app, person.post(f"{first}rerun/", **changed(again))) == (STORED, {"TOKEN": SECRET})
    empty = dict.fromkeys(FIELDS, "")
    assert stored(app, person.post(f"{first}rerun/", **changed(again, **empty))) == ({}, {})


def test_defaults_of_a_task_fill_its_run_form_and_what_is_cleared_there_is_gone(app: Flask, person: Person) -> None:
    form = run_form(person.get("/ui/task/new/"))
    assert person.post("/ui/task/new/", **changed(form, repository="busybox", **TYPED)).status_code == 303
    task_id = ready_task(app)
    with app.app_context():
        registered = tasks.get(1)
        assert (registered.parameters, list(registered.secret_env)) == (STORED, ["TOKEN"])
        tasks.update(task_id, parameters={**STORED, "secret_env": {"TOKEN": SECRET}})
    shown = run_form(person.get(f"/ui/task/{task_id}/"))
    assert stored(app, person.post(f"/ui/task/{task_id}/", **changed(shown))) == (STORED, {"TOKEN": SECRET})
    assert stored(app, person.post(f"/ui/task/{task_id}/", **changed(shown, **dict.fromkeys(FIELDS, "")))) == ({}, {})
    edit = run_form(person.get(f"/ui/task/{task_id}/edit/"))
    assert person.post(f"/ui/task/{task_id}/edit/", **changed(edit, memory="1g")).status_code == 303
    with app.app_context():
        assert tasks.get(task_id).parameters == {**STORED, "memory": "1g"}
        assert disclosed.environment(results.submit(task_id)) == {"TOKEN": SECRET}


@pytest.mark.parametrize(
    "parameters",
    [
        {"env": {"A": "1\n2", "B": "$'x'", " C ": "\r", "D\nE": "\\", "F": "'\"", "$'G'": ""}},
        {"labels": {"a": "two\nlines"}},
        {"matrix": {"A": ["", " ", "a,b", '"', '""', "$'x'", "x\ny", "a b", "\\n", "'"], " B": ["1"]}},
        {"command": ["", "a b", "\\", "*", "line\nline", "\ttab", "it's"]},
        {"memory": 536_870_912, "shm_size": "1.5g"},
        {"cpus": 0.1, "timeout": 0.1 + 0.2, "stop_grace": 0.0, "retry_delay": 1e-05},
        {"retries": 0, "priority": 0, "pids": 4_194_304},
        {"retry_on": [1, "engine", 255]},
    ],
)
def test_whatever_the_api_takes_is_written_so_that_it_is_read_back(parameters: dict[str, Any]) -> None:
    if "command" in parameters:
        parameters = {"command": ["run", *parameters["command"]]}
    texts = text_of(parameters)
    assert "\r" not in "".join(texts.values())
    assert read_run(texts) == (parameters, {})
    assert text_of(read_run(texts)[0]) == texts


# --- what is wrong ---

WRONG = {
    "command": "'",
    "entrypoint": "a '",
    "env": "A",
    "secret_env": "A=",
    "matrix": "SEED",
    "workdir": "work",
    "user": "a:b:c",
    "labels": "estivador.task=1",
    "memory": "much",
    "cpus": "0",
    "pids": "0",
    "shm_size": "1",
    "network": "host",
    "profile": "loose",
    "timeout": "-1",
    "stop_grace": "soon",
    "retries": "101",
    "retry_delay": "601",
    "retry_on": "exit, 256",
    "parallel": "0",
    "priority": "101",
    "max_failures": "none",
}


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_wrong_is_told_at_its_field_in_an_open_group_and_stays_as_typed(app: Flask, person: Person, task: int, name: str) -> None:
    form = run_form(person.get(f"/ui/task/{task}/"))
    answer = person.post(f"/ui/task/{task}/", **changed(form, times="2", **{name: WRONG[name]}))
    assert answer.status_code == 422
    fields = Fields(answer)
    assert fields.said_of(name).endswith(".")
    assert fields.said_of(name) in " ".join(fields.texts["summary"].split())
    assert f'href="#{name}"' in answer.text
    assert [other for other in FIELDS if other != name and fields.said_of(other)] == []
    shown = run_form(answer)
    assert ", ".join(value for value in shown.getlist(name) if value) == WRONG[name]
    before = answer.text[: answer.text.index(f'id="{name}"')]
    assert before.count("<details") == before.count("</details>") or before.rsplit("<details", 1)[1].lstrip().startswith("open>")
    with app.app_context():
        assert results.listing(1, 20).total == 0


def test_a_group_is_closed_where_nothing_is_in_it(person: Person, task: int) -> None:
    assert "<details open" not in " ".join(person.get(f"/ui/task/{task}/").text.split())


def test_what_the_instance_does_not_allow_is_told_at_each_field(app: Flask, person: Person, task: int) -> None:
    app.extensions["settings"] = Settings(instance=app.extensions["settings"].instance, max_memory=1024**3, max_cpus=2.0, networks=("lab",))
    form = run_form(person.get(f"/ui/task/{task}/"))
    answer = person.post(f"/ui/task/{task}/", **changed(form, memory="2g", cpus="3", network="elsewhere", shm_size="2g"))
    fields = Fields(answer)
    assert answer.status_code == 422
    assert {name for name in FIELDS if fields.said_of(name)} == {"memory", "cpus", "network", "shm_size"}
    assert "at most 1g" in fields.said_of("memory")
    assert run_form(answer)["network"] == "elsewhere"
    page = " ".join(person.get(f"/ui/task/{task}/").text.split())
    assert '<option value="lab" >lab</option>' in page


def test_an_instance_of_profile_strict_offers_no_other(app: Flask, person: Person, task: int) -> None:
    assert 'value="standard"' in person.get(f"/ui/task/{task}/").text
    app.extensions["settings"] = Settings(instance=app.extensions["settings"].instance, profile="strict")
    assert 'value="standard"' not in person.get(f"/ui/task/{task}/").text


def test_times_of_a_matrix_are_of_each_combination_and_too_many_are_told(person: Person, task: int) -> None:
    form = run_form(person.get(f"/ui/task/{task}/"))
    answer = person.post(f"/ui/task/{task}/", **changed(form, times="60000", matrix="SEED = 1, 2"))
    assert "120,000 executions in all" in Fields(answer).said_of("matrix")


# --- secrets ---


def test_no_value_of_a_secret_comes_back_whatever_is_wrong(app: Flask, person: Person, task: int) -> None:
    with app.app_context():
        tasks.update(task, parameters={"secret_env": {"KEPT": "c4n4ry"}})
        results.submit(task)
        tasks.register("busybox", name="taken")
    lines = "KEPT\r\nNEW=c4n4ry\r\nc4n4ry of two\r\nlines"
    for path, more, code in (
        (f"/ui/task/{task}/", {"timeout": "x"}, 422),
        (f"/ui/task/{task}/", {}, 422),
        ("/ui/task/2/", {"secret_env": "NEW=c4n4ry"}, 409),
        ("/ui/result/1/rerun/", {"edited": "1", "timeout": "x"}, 422),
        (f"/ui/task/{task}/edit/", {"name": "tool", "timeout": "x"}, 422),
        (f"/ui/task/{task}/edit/", {"name": "taken", "secret_env": "KEPT\r\nNEW=c4n4ry"}, 409),
        ("/ui/task/new/", {"repository": "b", "name": "taken", "secret_env": "NEW=c4n4ry"}, 409),
        ("/ui/task/new/", {"repository": "No Name"}, 422),
    ):
        answer = person.post(path, **{"secret_env": lines, **more})
        assert (path, answer.status_code, "c4n4ry" in answer.text) == (path, code, False)
        assert "write the values again" in Fields(answer).said_of("secret_env") or "no secret of that name" in Fields(answer).said_of("secret_env")
        assert run_form(answer)["secret_env"].split("\r\n")[-1] == "NEW="
    assert "c4n4ry" not in person.get("/ui/task/new/", query_string={"secret_env": "A=c4n4ry"}).text


def test_what_is_sent_again_with_its_value_missing_is_refused(app: Flask, person: Person, task: int) -> None:
    with app.app_context():
        tasks.update(task, parameters={"secret_env": {"KEPT": "old"}})
    form = run_form(person.get(f"/ui/task/{task}/"))
    wrong = person.post(f"/ui/task/{task}/", **changed(form, secret_env="KEPT=new", timeout="x"))
    answer = person.post(f"/ui/task/{task}/", **changed(run_form(wrong), timeout="1"))
    assert answer.status_code == 422, "the old value must not be taken for the new one"
    assert "Line 1 has no value" in Fields(answer).said_of("secret_env")


def test_a_secret_is_set_kept_and_taken_away_by_its_line(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/edit/")
    for typed, kept in (("A=1\r\nB=2", {"A": "1", "B": "2"}), ("B\r\nC=3", {"B": "2", "C": "3"}), ("B=4", {"B": "4"}), ("", {})):
        assert person.post(f"/ui/task/{task}/edit/", name="tool", secret_env=typed).status_code == 303
        with app.app_context():
            assert disclosed.environment(results.submit(task)) == kept
            assert run_form(person.get(f"/ui/task/{task}/edit/"))["secret_env"] == "\r\n".join(kept)


def test_a_name_alone_of_a_secret_that_is_not_there_is_told(person: Person, task: int) -> None:
    answer = person.post(f"/ui/task/{task}/", secret_env="A")
    assert "no secret of that name" in Fields(answer).said_of("secret_env")


def test_a_form_holds_no_secret_even_where_nothing_is_wrong() -> None:
    assert form_of({"secret_env": "A=c4n4ry\nB\nC", "env": "X=1"}, stored={"B": ""}).values == {"secret_env": "A=\nB", "env": "X=1"}


# --- what is said of parameters ---


def test_every_parameter_that_a_result_has_is_shown_with_it_and_its_executions(app: Flask, person: Person, task: int) -> None:
    with app.app_context():
        result = results.submit(task, 1, {**STORED, "secret_env": {"TOKEN": SECRET}})
        parameters, labels = secret_environment.shown(result), {fact.name: fact for fact in facts(secret_environment.shown(result))}
        assert set(parameters) == set(FIELDS)
    for path in ("/ui/result/1/", "/ui/result/1/detail/1/"):
        page = unescape(person.get(path).text)
        told = set(labels)
        for fact in labels.values():
            assert f"<dt>{fact.label}</dt>" in page
            assert all(f"<code>{line}</code>" in page for line in fact.lines)
        assert set(FIELDS) - told == {"retry_delay", "retry_on"}, "these are told with the retries"
        assert "<code>3, after 5 s, 10 s, 20 s, on exit, oom, exit code 75, exit code 111</code>" in page
        assert "<code>TOKEN</code>" in page
        assert "c4n4ry" not in page


def test_parameters_of_retries_are_shown_alone_too() -> None:
    assert [(fact.label, fact.lines) for fact in facts({"retry_delay": 5.0, "retry_on": ["oom"], "timeout": 3600.0})] == [
        ("Timeout", ["1 h 00 min"]),
        ("Retry delay", ["5 s"]),
        ("Retry on", ["oom"]),
    ]
    assert facts({"retries": 9})[0].lines == ["9, after 5 s, 10 s, 20 s, 40 s …, on exit, oom, timeout, engine"]


def test_an_execution_says_what_it_is_held_to(app: Flask, person: Person, task: int) -> None:
    with app.app_context():
        results.submit(task)
        results.submit(task, 1, {"memory": "512m", "cpus": 1.5, "pids": 64, "shm_size": "1g", "profile": "strict"})
    assert "init, no new privileges, at most 512 processes, bridge network" in person.get("/ui/result/1/detail/1/").text
    said = "init, no new privileges, no capability, a root that can't be written but for /tmp, at most 64 processes, 512m of memory, 1.5 processors, 1g of shared memory, no network"
    assert said in unescape(person.get("/ui/result/2/detail/2/").text)
