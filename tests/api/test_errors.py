import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import tasks
from tests.support.stepping import submitted


@pytest.mark.parametrize(
    "path", ["/task/9/", "/result/9/", "/result/9/detail/", "/result/9/detail/1/", "/result/9/detail/1/log/", "/nowhere", "/task/99999999999999999999/"]
)
def test_what_is_not_there_is_404_with_a_message(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert {"code", "status", "message"} <= answer.get_json().keys()


def test_an_execution_of_another_result_is_not_there(app: Flask, client: FlaskClient) -> None:
    submitted(app, 1), submitted(app, 2)
    assert client.get("/result/1/detail/2/").status_code == 404


def test_a_body_that_is_not_said_to_be_json_is_415(client: FlaskClient) -> None:
    answer = client.post("/task/", data='{"repository": "a"}', content_type="text/plain")
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.get_json()["message"]


def test_a_body_that_is_no_json_is_400(client: FlaskClient) -> None:
    assert client.post("/task/", data="{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("body", ["[" * 100_000, '{"repository": "a", "parameters": {"pids": ' + "1" * 5000 + "}}"])
def test_a_body_that_python_would_not_read_is_400(client: FlaskClient, body: str) -> None:
    answer = client.post("/task/", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["message"].endswith("too many digits.")


@pytest.mark.parametrize("field", ["description", "registry_password", "name", "labels"])
def test_half_a_surrogate_pair_is_422_wherever_it_stands(client: FlaskClient, field: str) -> None:
    value = {"a": "\ud800"} if field == "labels" else "\ud800"
    assert client.post("/task/", json={"repository": "a", "registry_username": "u", field: value}).status_code == 422
    assert client.post("/result/", json={"operation": "KILL", "expect": 0, "text": "\udfff"}).status_code == 422


def test_a_page_after_the_last_is_empty_however_far(client: FlaskClient) -> None:
    for page in (2, 10**30):
        answer = client.get("/task/", query_string={"page": page})
        assert (answer.status_code, answer.get_json()) == (200, [])


def test_a_number_that_is_nobodys_id_is_no_filter(client: FlaskClient) -> None:
    assert client.get("/result/", query_string={"task_id": 10**30}).status_code == 422


@pytest.mark.parametrize("body", [[], "text", 3])
def test_a_body_that_is_no_object_is_422(client: FlaskClient, body: object) -> None:
    assert client.post("/task/", json=body).status_code == 422


def test_a_body_over_a_mebibyte_is_413(client: FlaskClient) -> None:
    assert client.post("/task/", data=b" " * (1024 * 1024 + 1), content_type="application/json").status_code == 413


def test_a_path_without_the_final_slash_redirects(client: FlaskClient) -> None:
    answer = client.post("/task", json={"repository": "a"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/task/")


def test_a_method_that_a_path_does_not_take_is_405(client: FlaskClient) -> None:
    answer = client.delete("/task/")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}


def test_a_database_that_somebody_else_writes_is_503_and_loses_nothing(app: Flask, client: FlaskClient) -> None:
    other = sqlite3.connect(Path(app.instance_path) / "estivador.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = client.post("/task/", json={"repository": "a"})
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert client.post("/task/", json={"repository": "a"}).status_code == 201


def test_a_defect_tells_an_id_and_nothing_else(client: FlaskClient) -> None:
    with patch.object(tasks, "listing", side_effect=RuntimeError("inner secret")):
        answer = client.get("/task/")
    assert answer.status_code == 500
    assert "inner secret" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("operation", ["CANCEL", "KILL"])
def test_what_has_ended_can_be_stopped_no_more(app: Flask, client: FlaskClient, operation: str) -> None:
    result_id = submitted(app, 2)
    assert client.post(f"/result/{result_id}/", json={"operation": "CANCEL"}).get_json()["status"] == "CANCELLED"
    assert client.post(f"/result/{result_id}/", json={"operation": operation}).status_code == 409


def test_one_execution_can_be_cancelled_alone(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    answer = client.post(f"/result/{result_id}/detail/1/", json={"operation": "CANCEL"}).get_json()
    assert (answer["status"], answer["reason"], answer["start"]) == ("CANCELLED", "cancelled", None)
    assert client.get(f"/result/{result_id}/").get_json()["counts"]["QUEUED"] == 1
