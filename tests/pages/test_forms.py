"""What is typed into a form becomes what the API takes, and what is wrong with it goes back to its field."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Result
from app.pages.forms import Form, load
from app.pages.lines import variables, variables_text
from app.pages.parameters import read_defaults, read_run, text_of
from app.services import results, tasks
from app.services.parameters import MOST_TIMES
from tests.pages.person import Person
from tests.support.stepping import ready_task


class Fields(HTMLParser):
    """The values of a page's fields by name, and the texts of the elements that have an id."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self._area: str | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in ("input", "textarea", "select") and (name := found.get("name")):
            self.values.setdefault(name, found.get("value") or "")
            self.attributes[name] = found
            self._area = name if tag == "textarea" else None
        if tag not in ("input", "meta", "link", "br"):
            self._open.append((tag, found.get("id")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        self._area = None

    def handle_data(self, data: str) -> None:
        for _, name in self._open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data
        if self._area:
            self.values[self._area] += data.removeprefix("\n")

    def said_of(self, name: str) -> str:
        """The error that a field is tied to, "" where it has none."""
        ties = (self.attributes[name].get("aria-describedby") or "").split()
        wrong = [self.texts[tie].strip() for tie in ties if tie.endswith("-error") and tie in self.texts]
        assert bool(wrong) == (self.attributes[name].get("aria-invalid") == "true")
        return " ".join(wrong)


# --- environment variables ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (" \n\n", {}),
        ("A=1", {"A": "1"}),
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("  A =1", {"A": "1"}),
        ("A= 1 ", {"A": " 1 "}),
        ("A=", {"A": ""}),
        ("URL=http://x/?a=b&c=d", {"URL": "http://x/?a=b&c=d"}),
        ("A==", {"A": "="}),
        ('A="1"', {"A": '"1"'}),
        ("A=#1", {"A": "#1"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=ä ✔", {"A": "ä ✔"}),
        ("=1", {"": "1"}),
    ],
)
def test_each_line_is_a_variable(text: str, expected: dict[str, str]) -> None:
    assert variables(text) == expected


@pytest.mark.parametrize(("text", "line"), [("A", 1), ("A=1\nB", 2), ("\n\n# a note", 3), ("export A", 1)])
def test_a_line_that_is_no_variable_is_named(text: str, line: int) -> None:
    with pytest.raises(ValueError, match=rf"^Line {line} must be NAME=VALUE\.$"):
        variables(text)


def test_variables_are_written_as_they_are_read() -> None:
    found = {"A": "1", "B": "", "C": " x = y "}
    assert variables(variables_text(found)) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("=1", "can't be the name of a variable"),
        ("ESTIVADOR_INDEX=1", "set by Estivador"),
        ("A=\0", "NUL"),
        ("A=" + "x" * 70_000, "at most 65536"),
        ("A=\ud800", "UTF-8"),
    ],
)
def test_what_no_container_could_get_is_refused_at_its_field(text: str, says: str) -> None:
    asked, wrong = read_run({"env": text})
    assert asked == {}
    assert list(wrong) == ["env"]
    assert says in " ".join(wrong["env"])


# --- numbers ---


@pytest.mark.parametrize(("text", "times"), [("1", 1), (" 7 ", 7), ("+7", 7), ("007", 7), (f"{MOST_TIMES}", MOST_TIMES)])
def test_times_is_a_whole_number(text: str, times: int) -> None:
    assert read_run({"times": text}) == ({"times": times}, {})


def test_an_empty_field_asks_for_nothing() -> None:
    assert read_run({"times": "", "command": " ", "env": "\n", "timeout": ""}) == ({}, {})


@pytest.mark.parametrize(
    "text", ["0", "-1", "100001", "1.5", "1e3", "ten", "1,000", "1 000", "--5", "+-5", "\u00b2", "\u0667", "0x10", "1_000", "9" * 400, "9" * 5000, "\0", "<b>"]
)
def test_times_that_is_none_is_refused_in_words(text: str) -> None:
    asked, wrong = read_run({"times": text})
    assert asked == {}
    assert list(wrong) == ["times"]
    assert wrong["times"][0].endswith(".")
    assert "int()" not in wrong["times"][0]
    assert "digits" not in wrong["times"][0]


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("1.5", 1.5), (" 2 ", 2.0), ("1e3", 1000.0)])
def test_a_timeout_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert read_run({"timeout": text}) == ({"timeout": seconds}, {})


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "-inf", "1e999", "1h", "1,5", "99999999999", "\0"])
def test_a_timeout_that_is_none_is_refused_in_words(text: str) -> None:
    asked, wrong = read_run({"timeout": text})
    assert (asked, list(wrong)) == ({}, ["timeout"])
    assert wrong["timeout"][0].endswith(".")


def test_a_command_is_split_as_a_shell_would() -> None:
    assert read_run({"command": "sh -c 'a  b' \"c\""}) == ({"command": ["sh", "-c", "a  b", "c"]}, {})
    assert list(read_run({"command": "sh -c 'a"})[1]) == ["command"]
    assert list(read_run({"command": "''"})[1]) == ["command"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert set(read_run({"times": "x", "command": "'", "env": "A", "timeout": "x"})[1]) == {"times", "command", "env", "timeout"}


def test_defaults_have_no_times_and_no_field_of_another_form(app: Flask) -> None:
    assert read_defaults({"times": "5", "timeout": "1", "operation": "KILL", "name": "x", "only": "ERROR"}) == ({"timeout": 1.0}, {})


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"command": ["sh", "-c", "echo 'it is' \"here\" $A; exit 3"], "env": {"A": "1", "B": "x=y"}, "timeout": 0.25},
        {"command": ["", "a b", "\\", "*", "line\nline", "\ttab"]},
        {"timeout": 86400.0},
        {"timeout": 1234567.5},
        {"command": ["sh"], "timeout": 31_622_400.0},
    ],
)
def test_parameters_survive_the_form_they_are_edited_in(parameters: dict[str, Any]) -> None:
    parameters = {**parameters, **({"command": ["run", *parameters["command"]]} if "command" in parameters else {})}
    assert read_run(text_of(parameters)) == (parameters, {})


def test_a_form_knows_what_is_wrong_with_it() -> None:
    from app.schemas.requests import RegisterSchema

    asked, form = load(RegisterSchema(), {"repository": "Not A Name", "pull": "sometimes"})
    assert (asked, bool(form), set(form.errors)) == ({}, False, {"repository", "pull"})
    assert form.has_any("pull")
    assert not Form({"a": ""}).has_any("a", "b")


# --- the pages ---


def parameters_of(app: Flask, answer: TestResponse) -> tuple[int, dict[str, Any]]:
    """The times and parameters of the result that an answer leads to."""
    assert answer.status_code == 303, answer.text
    with app.app_context():
        result = db.session.get_one(Result, int(answer.headers["Location"].rstrip("/").split("/")[-1]))
        return result.times, result.parameters


@pytest.fixture
def task(app: Flask) -> int:
    """A READY task with defaults for everything."""
    task_id = ready_task(app)
    with app.app_context():
        tasks.update(task_id, parameters={"command": ["echo", "a b"], "env": {"A": "1", "B": "2"}, "timeout": 9.0})
    return task_id


def test_the_run_form_shows_the_defaults_and_runs_with_them(app: Flask, person: Person, task: int) -> None:
    fields = Fields(person.get(f"/ui/task/{task}/"))
    shown = {name: fields.values[name] for name in ("times", "command", "env", "timeout")}
    assert shown == {"times": "1", "command": "echo 'a b'", "env": "A=1\nB=2", "timeout": "9"}
    assert parameters_of(app, person.post(f"/ui/task/{task}/", **shown)) == (1, {"command": ["echo", "a b"], "env": {"A": "1", "B": "2"}, "timeout": 9.0})


def test_a_default_that_is_cleared_in_the_run_form_is_gone(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    assert parameters_of(app, person.post(f"/ui/task/{task}/", times="2", command="", env="", timeout="")) == (2, {})
    assert parameters_of(app, person.post(f"/ui/task/{task}/", times="", command="echo", env="B=3\r\n", timeout="")) == (
        1,
        {"command": ["echo"], "env": {"B": "3"}},
    )
    with app.app_context():
        assert tasks.get(task).parameters["timeout"] == 9.0


@pytest.mark.parametrize("times", ["0", "100001", "many", "1.5", "\u00b2", "9" * 5000, "<b>"])
def test_wrong_times_run_nothing_and_what_was_typed_stays(app: Flask, person: Person, task: int, times: str) -> None:
    person.get(f"/ui/task/{task}/")
    answer = person.post(f"/ui/task/{task}/", times=times, command="echo <x> 'y'", env='A="&amp;"\r\nB=2', timeout="5")
    fields = Fields(answer)
    assert answer.status_code == 422
    assert {name: fields.values[name] for name in ("times", "command", "env", "timeout")} == {
        "times": times, "command": "echo <x> 'y'", "env": 'A="&amp;"\nB=2', "timeout": "5",
    }  # fmt: skip
    assert fields.said_of("times")
    assert fields.said_of("times") in " ".join(fields.texts["summary"].split())
    assert not fields.said_of("timeout")
    assert 'href="#times"' in answer.text
    with app.app_context():
        assert results.listing(1, 20).total == 0


def test_a_task_that_is_not_ready_says_so_in_its_form(app: Flask, person: Person) -> None:
    with app.app_context():
        task_id = tasks.register("busybox").id
    person.get(f"/ui/task/{task_id}/")
    answer = person.post(f"/ui/task/{task_id}/", times="3", command="echo")
    fields = Fields(answer)
    assert answer.status_code == 409
    assert "is SUBMITTED" in fields.texts["summary"]
    assert (fields.values["times"], fields.values["command"]) == ("3", "echo")


def test_the_forecast_answers_anything_that_is_typed(person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    assert person.post(f"/ui/task/{task}/forecast", times="20").text.startswith("20 executions")
    for typed in ("", "0", "x", "-1", "1.5", "\u00b2", "100001", "9" * 5000, "00000000199999999999999999999", "<b>"):
        answer = person.post(f"/ui/task/{task}/forecast", times=typed)
        assert (answer.status_code, answer.text) == (200, "A whole number from 1 to 100,000."), typed[:40]


def test_registering_with_errors_keeps_the_form_and_tells_each_field(person: Person) -> None:
    person.get("/ui/task/new/")
    typed = {"repository": "No Such: Name", "name": "n" * 256, "pull": "never", "description": "d" * 1025, "env": "A", "command": "'", "timeout": "x"}
    answer = person.post("/ui/task/new/", **typed)
    fields = Fields(answer)
    assert answer.status_code == 422
    assert {name for name in typed if fields.said_of(name)} == set(typed) - {"pull"}
    assert {name: fields.values[name] for name in typed if name != "pull"} == {name: text for name, text in typed.items() if name != "pull"}
    assert re.search(r'<option value="never"\s+selected', answer.text)
    assert fields.attributes["repository"]["aria-describedby"] == "repository-hint repository-error"
    assert "these 6" in fields.texts["summary"]


def test_registering_nothing_asks_for_the_repository(person: Person) -> None:
    person.get("/ui/task/new/")
    answer = person.post("/ui/task/new/", repository=" ", name="")
    assert answer.status_code == 422
    assert Fields(answer).said_of("repository")


def test_a_taken_name_is_told_at_its_field(app: Flask, person: Person, task: int) -> None:
    person.get("/ui/task/new/")
    answer = person.post("/ui/task/new/", repository="busybox", name="tool", timeout="7")
    fields = Fields(answer)
    assert answer.status_code == 409
    assert "Task 1 has the name 'tool' already" in unescape(fields.said_of("name"))
    assert (fields.values["repository"], fields.values["name"], fields.values["timeout"]) == ("busybox", "tool", "7")


def test_the_form_can_be_filled_by_its_address(person: Person) -> None:
    fields = Fields(person.get("/ui/task/new/", query_string={"repository": "a:1", "command": '"><x>'}))
    assert (fields.values["repository"], fields.values["command"]) == ("a:1", '"><x>')


def test_a_task_is_edited_and_what_is_cleared_is_gone(app: Flask, person: Person, task: int) -> None:
    fields = Fields(person.get(f"/ui/task/{task}/edit/"))
    assert (fields.values["name"], fields.values["env"]) == ("tool", "A=1\nB=2")
    assert person.post(f"/ui/task/{task}/edit/", name=" tool2 ", description="Counts.", command="", env="C=3", timeout="").status_code == 303
    with app.app_context():
        found = tasks.get(task)
        assert (found.name, found.description, found.parameters) == ("tool2", "Counts.", {"env": {"C": "3"}})


@pytest.mark.parametrize(
    ("field", "text", "code"), [("name", "", 422), ("name", " ", 422), ("name", "x" * 256, 422), ("name", "a\u202eb", 422), ("name", "other", 409), ("description", "d" * 1025, 422), ("env", "A", 422)]
)  # fmt: skip
def test_a_change_that_does_not_fit_changes_nothing(app: Flask, person: Person, task: int, field: str, text: str, code: int) -> None:
    with app.app_context():
        tasks.register("busybox", name="other")
    person.get(f"/ui/task/{task}/edit/")
    answer = person.post(f"/ui/task/{task}/edit/", **{"name": "tool", "description": "", "timeout": "5", field: text})
    assert answer.status_code == code
    fields = Fields(answer)
    assert fields.said_of(field)
    assert fields.values[field] == text
    with app.app_context():
        assert (tasks.get(task).name, tasks.get(task).parameters["timeout"]) == ("tool", 9.0)


def test_an_image_comes_in_again_by_a_policy_that_there_is(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    assert person.post(f"/ui/task/{task}/import/", pull="sometimes").status_code == 422
    with app.app_context():
        assert (tasks.get(task).status, tasks.get(task).pull) == ("READY", "missing")
    assert person.post(f"/ui/task/{task}/import/", pull="always").status_code == 303
    with app.app_context():
        assert (tasks.get(task).status, tasks.get(task).pull) == ("SUBMITTED", "always")


def test_a_result_runs_again_with_what_the_form_says(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    first = person.post(f"/ui/task/{task}/", times="3", command="echo a", env="A=1", timeout="5").headers["Location"]
    fields = Fields(person.get(f"{first}rerun/"))
    shown = {name: fields.values[name] for name in ("edited", "times", "command", "env", "timeout")}
    assert shown == {"edited": "1", "times": "3", "command": "echo a", "env": "A=1", "timeout": "5"}
    assert parameters_of(app, person.post(f"{first}rerun/", **shown)) == (3, {"command": ["echo", "a"], "env": {"A": "1"}, "timeout": 5.0})
    assert parameters_of(app, person.post(f"{first}rerun/", **{**shown, "times": "2", "env": "", "timeout": ""})) == (2, {"command": ["echo", "a"]})
    assert parameters_of(app, person.post(f"{first}rerun/")) == (3, {"command": ["echo", "a"], "env": {"A": "1"}, "timeout": 5.0})


def test_a_rerun_with_errors_keeps_what_was_typed(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    first = person.post(f"/ui/task/{task}/", times="3").headers["Location"]
    answer = person.post(f"{first}rerun/", edited="1", times="0", command="b 'c d'")
    fields = Fields(answer)
    assert (answer.status_code, fields.values["edited"], fields.values["command"]) == (422, "1", "b 'c d'")
    assert fields.said_of("times")
    with app.app_context():
        assert results.listing(1, 20).total == 1
