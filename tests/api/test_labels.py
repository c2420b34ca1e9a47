"""Labels of tasks and of results, and what is found by them."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql

from app.extensions import db
from app.models import Detail, Result, ResultLabel, Task
from tests.support.stepping import ready_task

LABELS = {"team": "sea", "stage": "test"}


def labelled(app: Flask, client: FlaskClient, labels: dict[str, str], name: str = "tool") -> int:
    task_id = ready_task(app, name)
    assert client.patch(f"/task/{task_id}/", json={"labels": labels}).status_code == 200
    return task_id


def run(client: FlaskClient, task_id: int, **body: Any) -> Any:
    answer = client.post(f"/task/{task_id}/", json=body)
    assert answer.status_code == 201, answer.get_json()
    return client.get(answer.headers["Location"]).get_json()


def found(client: FlaskClient, path: str, *labels: str, **query: Any) -> list[int]:
    answer = client.get(path, query_string={"label": labels, **query})
    assert answer.status_code == 200, answer.get_json()
    return [row.get("result_id") or row["id"] for row in answer.get_json()]


def test_a_task_is_registered_with_labels_and_they_are_changed(app: Flask, client: FlaskClient) -> None:
    assert client.post("/task/", json={"repository": "tool", "labels": {**LABELS, "number": 7}}).status_code == 201
    assert client.get("/task/1/").get_json()["labels"] == {**LABELS, "number": "7"}
    assert client.patch("/task/1/", json={"description": "d"}).get_json()["labels"] == {**LABELS, "number": "7"}
    assert client.patch("/task/1/", json={"labels": {"a": ""}}).get_json()["labels"] == {"a": ""}
    assert client.patch("/task/1/", json={"labels": {}}).get_json()["labels"] == {}
    assert client.get("/task/").get_json()[0]["labels"] == {}


@pytest.mark.parametrize("labels", [{"estivador.result": "7"}, {"a=b": "c"}, {"": "c"}, {"a": None}, ["a"], {"n" * 256: ""}, {"a": "v" * 1025}])
def test_labels_that_can_be_none_are_refused_by_field(client: FlaskClient, labels: object) -> None:
    answer = client.post("/task/", json={"repository": "tool", "labels": labels})
    assert (answer.status_code, list(answer.get_json()["errors"]["json"])) == (422, ["labels"])


def test_a_result_has_its_tasks_labels_and_its_own_over_them(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, LABELS)
    result = run(client, task_id, labels={"stage": "live", "run": "1"})
    assert result["labels"] == result["parameters"]["labels"] == {"team": "sea", "stage": "live", "run": "1"}
    assert run(client, task_id)["labels"] == LABELS
    assert [row["labels"] for row in client.get("/result/").get_json()] == [LABELS, result["labels"]]
    assert (run(client, ready_task(app, "bare"))["labels"], run(client, 2)["parameters"]) == ({}, {})


def test_labels_among_the_default_parameters_lie_over_the_tasks(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, {"a": "task", "b": "task", "c": "task"})
    client.patch(f"/task/{task_id}/", json={"parameters": {"labels": {"b": "default", "c": "default"}}})
    assert run(client, task_id, labels={"c": "run"})["labels"] == {"a": "task", "b": "default", "c": "run"}
    assert run(client, task_id, labels=None)["labels"] == {"a": "task", "b": "task", "c": "task"}


def test_a_result_has_no_more_labels_than_a_request_may_give(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, {f"task{number}": "" for number in range(40)})
    answer = client.post(f"/task/{task_id}/", json={"labels": {f"run{number}": "" for number in range(25)}})
    assert (answer.status_code, "Are 65 with the task's own" in answer.get_json()["message"]) == (422, True)
    assert client.get("/result/").get_json() == []
    assert len(run(client, task_id, labels={f"run{number}": "" for number in range(24)})["labels"]) == 64


def test_a_result_keeps_its_labels_and_so_does_its_rerun(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, LABELS)
    run(client, task_id)
    client.patch(f"/task/{task_id}/", json={"labels": {"team": "land"}})
    assert client.get("/result/1/").get_json()["labels"] == LABELS
    for body, labels in (({}, LABELS), ({"labels": {"x": "1"}}, {"team": "land", "x": "1"}), ({"labels": None}, {"team": "land"})):
        again = client.post("/result/1/", json={"operation": "RERUN", **body})
        assert client.get(again.headers["Location"]).get_json()["labels"] == labels


def test_results_are_found_by_their_labels(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, LABELS)
    run(client, task_id), run(client, task_id, labels={"stage": "live"}), run(client, ready_task(app, "bare"), labels={"stage": "test", "e": "a=b"})
    assert found(client, "/result/", "stage=test") == [3, 1]
    assert found(client, "/result/", "team") == [2, 1]
    assert found(client, "/result/", "team", "stage=live") == [2]
    assert found(client, "/result/", "stage=test", "stage=live") == [], "all must hold"
    assert found(client, "/result/", "e=a=b") == [3]
    assert found(client, "/result/", "e=") == found(client, "/result/", "sta") == found(client, "/result/", "TEAM") == []
    assert found(client, "/result/", "stage=test", task_id=1) == [1]


def test_tasks_are_found_by_their_labels(app: Flask, client: FlaskClient) -> None:
    labelled(app, client, {**LABELS, 'a."b"': "'x'", "empty": ""}, "one"), labelled(app, client, {"team": "land"}, "two"), ready_task(app, "three")
    assert found(client, "/task/", "team") == [2, 1]
    assert found(client, "/task/", "team=land") == [2]
    assert found(client, "/task/", "team=sea", "stage") == [1]
    assert found(client, "/task/", "team=land", "stage") == []
    assert found(client, "/task/", "a.\"b\"='x'") == found(client, "/task/", "empty=") == [1]
    assert found(client, "/task/", "tea") == found(client, "/task/", "team=SEA") == found(client, "/task/", "'") == []


@pytest.mark.parametrize("path", ["/result/", "/task/"])
@pytest.mark.parametrize("label", ["", "=", "=x"])
def test_what_names_no_label_is_refused_by_field(client: FlaskClient, path: str, label: str) -> None:
    answer = client.get(path, query_string={"label": label})
    assert (answer.status_code, list(answer.get_json()["errors"]["query"])) == (422, ["label"])


def test_what_labels_select_is_stopped_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    task_id = labelled(app, client, LABELS)
    run(client, task_id), run(client, task_id, labels={"stage": "live"}), run(client, task_id)
    answer = client.post("/result/", json={"operation": "KILL", "label": ["team=sea", "stage=test"], "expect": 2})
    assert (answer.status_code, answer.json) == (200, {"count": 2})
    assert found(client, "/result/", status="QUEUED") == [2]
    answer = client.post("/result/", json={"operation": "KILL", "label": ["=x"], "expect": 0})
    assert (answer.status_code, list(answer.get_json()["errors"]["json"])) == (422, ["label"])


def test_the_rows_of_labels_go_with_their_result(app: Flask, client: FlaskClient) -> None:
    run(client, labelled(app, client, LABELS))
    number = select(func.count()).select_from(ResultLabel)
    with app.app_context():
        assert db.session.execute(number).scalar_one() == 2
        db.session.execute(delete(Detail))
        db.session.execute(delete(Result))
        assert db.session.execute(number).scalar_one() == 0
        db.session.rollback()


def test_postgresql_is_asked_in_its_own_words(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.services import labels

    with app.app_context():
        monkeypatch.setattr(db.engine.dialect, "name", "postgresql")
        (condition,) = labels.of_tasks(["a=b"])
    said = str(select(Task.id).where(condition).compile(dialect=postgresql.dialect()))
    assert "json_each_text(task.labels)" in said
    assert said.count("FROM task") == 1
