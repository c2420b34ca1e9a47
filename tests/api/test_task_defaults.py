from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stepping import ready_task


def parameters_of_a_run(client: FlaskClient, task_id: int, body: Any = None) -> Any:
    answer = client.post(f"/task/{task_id}/", json=body) if body is not None else client.post(f"/task/{task_id}/")
    return client.get(answer.headers["Location"]).get_json()["parameters"]


def test_a_task_is_registered_with_a_description_and_defaults(client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a", "description": "Counts.", "parameters": {"command": "count 3", "env": {"A": 1}, "timeout": None}})
    task = client.get("/task/1/").get_json()
    assert (task["description"], task["parameters"]) == ("Counts.", {"command": ["count", "3"], "env": {"A": "1"}})
    client.post("/task/", json={"repository": "b"})
    assert [(row["description"], row["parameters"]) for row in client.get("/task/?name=b").get_json()] == [("", {})]


def test_only_what_is_given_changes(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app, "one")
    answer = client.patch(f"/task/{task_id}/", json={"description": "New.", "parameters": {"timeout": 5}})
    assert (answer.status_code, answer.get_json()["name"], answer.get_json()["description"]) == (200, "one", "New.")
    assert client.patch(f"/task/{task_id}/", json={"name": "two"}).get_json()["parameters"] == {"timeout": 5.0}
    task = client.patch(f"/task/{task_id}/", json={"description": "", "parameters": {}}).get_json()
    assert (task["name"], task["description"], task["parameters"], task["status"]) == ("two", "", {}, "READY")


def test_a_name_stays_unique(app: Flask, client: FlaskClient) -> None:
    ready_task(app, "one"), ready_task(app, "two")
    assert client.patch("/task/2/", json={"name": "one"}).status_code == 409
    assert client.patch("/task/2/", json={"name": "two"}).status_code == 200
    assert client.patch("/task/9/", json={"name": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"repository": "b"}, "repository"),
        ({"parameters": {"times": 3}}, "parameters"),
        ({"parameters": {"env": {"A=B": "1"}}}, "parameters"),
        ({"parameters": None}, "parameters"),
        ({"description": "x" * 1025}, "description"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_by_field(app: Flask, client: FlaskClient, body: object, field: str) -> None:
    task_id = ready_task(app)
    answer = client.patch(f"/task/{task_id}/", json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]


def test_a_run_takes_the_defaults_and_the_request_over_them(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.patch(f"/task/{task_id}/", json={"parameters": {"command": "a b", "env": {"A": "1", "B": "2"}, "timeout": 9}})
    assert parameters_of_a_run(client, task_id) == {"command": ["a", "b"], "env": {"A": "1", "B": "2"}, "timeout": 9.0}
    assert parameters_of_a_run(client, task_id, {"command": "c", "env": {"B": "3"}, "timeout": None}) == {"command": ["c"], "env": {"A": "1", "B": "3"}}
    assert parameters_of_a_run(client, task_id, {"env": None}) == {"command": ["a", "b"], "timeout": 9.0}


def test_a_result_keeps_the_parameters_it_was_submitted_with(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.patch(f"/task/{task_id}/", json={"parameters": {"timeout": 9}})
    client.post(f"/task/{task_id}/")
    client.patch(f"/task/{task_id}/", json={"parameters": {"timeout": 1}})
    assert client.get("/result/1/").get_json()["parameters"] == {"timeout": 9.0}
    again = client.post("/result/1/", json={"operation": "RERUN"})
    assert client.get(again.headers["Location"]).get_json()["parameters"] == {"timeout": 9.0}
