import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stepping import ready_task


def test_a_repository_is_enough(client: FlaskClient) -> None:
    answer = client.post("/task/", json={"repository": "johncosta/redis"})
    assert (answer.status_code, answer.headers["Location"], answer.json) == (201, "/task/1/", {"task_id": 1, "status": "SUBMITTED"})
    task = client.get("/task/1/").get_json()
    assert (task["id"], task["task_id"], task["name"], task["repository"], task["pull"]) == (1, 1, "johncosta/redis", "johncosta/redis", "missing")


def test_a_name_is_unique(client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a", "name": "x"})
    answer = client.post("/task/", json={"repository": "b", "name": "x"})
    assert answer.status_code == 409
    assert "name" in answer.get_json()["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "repository"),
        ({"repository": "Not A Reference"}, "repository"),
        ({"repository": 3}, "repository"),
        ({"repository": "a", "name": ""}, "name"),
        ({"repository": "a", "name": "x\n"}, "name"),
        ({"repository": "a", "pull": "often"}, "pull"),
        ({"repository": "a", "privileged": True}, "privileged"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(client: FlaskClient, body: object, field: str) -> None:
    answer = client.post("/task/", json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]
    assert client.get("/task/").json == []


def test_importing_again_is_for_tasks_that_are_not_at_it(app: Flask, client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a"})
    assert client.post("/task/1/", json={"operation": "IMPORT"}).status_code == 409
    task_id = ready_task(app)
    answer = client.post(f"/task/{task_id}/", json={"operation": "IMPORT", "pull": "never"})
    assert (answer.status_code, answer.json) == (200, {"task_id": task_id, "status": "SUBMITTED"})
    assert client.get(f"/task/{task_id}/").get_json()["pull"] == "never"
