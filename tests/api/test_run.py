import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stepping import IMAGE, ready_task


def test_no_body_at_all_is_a_run_once(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    answer = client.post(f"/task/{task_id}/")
    assert (answer.status_code, answer.headers["Location"], answer.json) == (201, "/result/1/", {"result_id": 1})
    result = client.get("/result/1/").get_json()
    assert result["times"] == 1
    assert result["counts"] == {"QUEUED": 1, "RUNNING": 0, "COMPLETE": 0, "ERROR": 0, "CANCELLED": 0, "KILLED": 0}
    assert [result[key] for key in ("result_id", "task_id", "status", "start", "end", "duration", "image_id")] == [
        1,
        task_id,
        "QUEUED",
        None,
        None,
        None,
        IMAGE,
    ]
    assert abs(result["submitted_at"] - time.time()) < 60


def test_all_executions_exist_from_the_submission_on(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.post(f"/task/{task_id}/", json={"operation": "RUN", "times": 1000, "command": "echo 'a b'", "env": {"SEED": 7}, "timeout": 2.5})
    assert client.get("/result/1/").get_json()["parameters"] == {"command": ["echo", "a b"], "env": {"SEED": "7"}, "timeout": 2.5}
    rows = client.get("/result/1/detail/?page_size=100&page=10").get_json()
    assert [row["index"] for row in rows] == list(range(900, 1000))
    assert {row["status"] for row in rows} == {"QUEUED"}
    one = client.get(f"/result/1/detail/{rows[0]['detail_id']}/").get_json()
    assert (one["result_id"], one["detail_id"], one["task_id"], one["attempt"]) == (1, rows[0]["detail_id"], task_id, 1)


def test_a_hundred_thousand_are_accepted(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    assert client.post(f"/task/{task_id}/", json={"times": 100_000}).status_code == 201
    assert client.get("/result/1/detail/?status=QUEUED").headers["X-Pagination"].startswith('{"total": 100000')


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"times": 0}, "times"),
        ({"times": 100_001}, "times"),
        ({"times": "3"}, "times"),
        ({"times": True}, "times"),
        ({"times": None}, "times"),
        ({"operation": "WALK"}, "operation"),
        ({"command": ""}, "command"),
        ({"command": []}, "command"),
        ({"command": "echo 'unclosed"}, "command"),
        ({"command": ["a\0b"]}, "command"),
        ({"command": ["x" * 70_000]}, "command"),
        ({"env": ["A=1"]}, "env"),
        ({"env": {"A=B": "1"}}, "env"),
        ({"env": {"ESTIVADOR_INDEX": "1"}}, "env"),
        ({"env": {"A": None}}, "env"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "1"}, "timeout"),
        ({"privileged": True}, "privileged"),
        ({"pull": "always"}, "pull"),
        ({"operation": "IMPORT", "times": 3}, "times"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(app: Flask, client: FlaskClient, body: dict[str, Any], field: str) -> None:
    task_id = ready_task(app)
    answer = client.post(f"/task/{task_id}/", json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]
    assert client.get("/result/").json == []


def test_a_task_that_is_not_ready_says_what_to_do(client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a"})
    answer = client.post("/task/1/")
    assert answer.status_code == 409
    assert "READY" in answer.get_json()["message"]
