"""A matrix: one execution for each combination of values, found again by them."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.extensions import db
from app.models import move
from tests.support.stepping import details_of, ready_task, submitted

MATRIX = {"SIZE": ["small", "large"], "SEED": ["1", "2", "3"]}


def run(app: Flask, client: FlaskClient, **body: Any) -> int:
    answer = client.post(f"/task/{ready_task(app)}/", json=body)
    assert answer.status_code == 201, answer.get_json()
    return int(answer.get_json()["result_id"])


def again(client: FlaskClient, result_id: int, **body: Any) -> int:
    answer = client.post(f"/result/{result_id}/", json={"operation": "RERUN", **body})
    assert answer.status_code == 201, answer.get_json()
    return int(answer.get_json()["result_id"])


def rows(client: FlaskClient, result_id: int, **query: Any) -> list[Any]:
    # pytest-flask holds a context open all through a test, and a request in it would see what was there when the one before it ended.
    with client.application.app_context():
        answer = client.get(f"/result/{result_id}/detail/", query_string={"page_size": 100, **query})
    assert answer.status_code == 200, answer.get_json()
    found: list[Any] = answer.get_json()
    assert json.loads(answer.headers["X-Pagination"])["total"] == len(found)
    return found


def told(client: FlaskClient, result_id: int, **query: Any) -> list[tuple[int, str]]:
    """Index and values of the executions that a filter lets through."""
    return [(row["index"], " ".join(row["env"].values())) for row in rows(client, result_id, **query)]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    heard: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        heard.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    yield heard
    event.remove(db.engine, "before_cursor_execute", hear)


def test_each_combination_runs_so_many_times(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, times=2, matrix=MATRIX)
    result = client.get(f"/result/{result_id}/").get_json()
    assert (result["times"], result["counts"]["QUEUED"], result["parameters"]) == (12, 12, {"matrix": MATRIX})
    wanted = [f"{size} {seed}" for size in MATRIX["SIZE"] for seed in MATRIX["SEED"] for _ in range(2)]
    assert told(client, result_id) == list(enumerate(wanted))


def test_one_execution_says_its_combination_and_its_engine(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix=MATRIX)
    detail = client.get(f"/result/{result_id}/detail/5/").get_json()
    assert (detail["index"], detail["env"], detail["engine"]) == (4, {"SIZE": "large", "SEED": "2"}, "local")


def test_without_a_matrix_there_is_no_combination(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    assert [row["env"] for row in rows(client, result_id)] == [{}, {}]
    answer = client.get(f"/result/{result_id}/detail/?matrix=A=1")
    assert (answer.status_code, "no matrix" in answer.get_json()["message"]) == (422, True)


def test_the_default_matrix_of_a_task_is_taken_and_left_out(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    assert client.patch(f"/task/{task_id}/", json={"parameters": {"matrix": MATRIX}}).status_code == 200
    times = []
    for body in ({}, {"times": 3}, {"matrix": {"A": ["1", "2"]}}, {"matrix": None}):
        result_id = client.post(f"/task/{task_id}/", json=body).get_json()["result_id"]
        times.append(client.get(f"/result/{result_id}/").get_json()["times"])
    assert times == [6, 18, 2, 1]


def test_values_filter_the_executions(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, times=2, matrix=MATRIX)
    assert [index for index, _ in told(client, result_id, matrix="SIZE=large")] == [6, 7, 8, 9, 10, 11]
    assert told(client, result_id, matrix="SEED=3") == [(4, "small 3"), (5, "small 3"), (10, "large 3"), (11, "large 3")]
    assert [index for index, _ in told(client, result_id, matrix=["SEED=1", "SEED=3"])] == [0, 1, 4, 5, 6, 7, 10, 11]
    assert told(client, result_id, matrix=["SIZE=large", "SEED=2"]) == [(8, "large 2"), (9, "large 2")]
    assert told(client, result_id, matrix=["SEED=2", "SIZE=large", "SEED=2"], index=9) == [(9, "large 2")]


def test_a_value_and_a_status_hold_together(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix=MATRIX)
    with app.app_context():
        for position in (1, 2):
            assert move(details_of(result_id)[position], "claim")
            assert move(details_of(result_id)[position], "fail", reason="engine_error")
    assert told(client, result_id, matrix="SEED=2", status="ERROR") == [(1, "small 2")]
    assert told(client, result_id, matrix="SEED=2", status="QUEUED") == [(4, "large 2")]


def test_a_value_may_hold_what_stands_between_name_and_value(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix={"A B": ["x=1", "", "ü&%"]})
    assert told(client, result_id, matrix="A B=x=1") == [(0, "x=1")]
    assert told(client, result_id, matrix="A B=") == [(1, "")]
    assert told(client, result_id, matrix="A B=ü&%") == [(2, "ü&%")]


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("COLOUR=red", "has no 'COLOUR': it has SIZE, SEED"),
        ("size=small", "has no 'size'"),
        ("SIZE=huge", "'huge' is none of the values of 'SIZE': small, large"),
        ("SIZE=small ", "none of the values"),
    ],
)
def test_a_name_or_a_value_that_is_not_in_the_matrix_is_refused_by_name(app: Flask, client: FlaskClient, pair: str, says: str) -> None:
    result_id = run(app, client, matrix=MATRIX)
    answer = client.get(f"/result/{result_id}/detail/", query_string={"matrix": pair})
    assert (answer.status_code, says in answer.get_json()["message"]) == (422, True)


@pytest.mark.parametrize("pair", ["SIZE", "=small", ""])
def test_what_is_no_pair_is_refused_by_field(app: Flask, client: FlaskClient, pair: str) -> None:
    result_id = run(app, client, matrix=MATRIX)
    answer = client.get(f"/result/{result_id}/detail/", query_string={"matrix": pair})
    assert (answer.status_code, "matrix" in answer.get_json()["errors"]["query"]) == (422, True)


def test_a_rerun_gives_each_the_combination_it_had(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, times=2, matrix=MATRIX)
    before = told(client, result_id)
    with app.app_context():
        for position in (3, 8):
            assert move(details_of(result_id)[position], "claim")
            assert move(details_of(result_id)[position], "fail", reason="engine_error")
    assert told(client, again(client, result_id)) == before
    chosen = again(client, result_id, only=["ERROR"])
    assert told(client, chosen) == [(3, "small 2"), (8, "large 2")]
    assert told(client, chosen, matrix="SIZE=large") == [(8, "large 2")]
    assert told(client, again(client, chosen)) == [(3, "small 2"), (8, "large 2")]
    one = client.post(f"/result/{result_id}/detail/12/", json={"operation": "RERUN"}).get_json()["result_id"]
    assert told(client, one) == [(11, "large 3")]


def test_a_rerun_with_times_runs_each_combination_so_often(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, times=2, matrix=MATRIX)
    once = again(client, result_id, times=1)
    assert told(client, once) == list(enumerate(f"{size} {seed}" for size in MATRIX["SIZE"] for seed in MATRIX["SEED"]))
    one = client.post(f"/result/{result_id}/detail/12/", json={"operation": "RERUN"}).get_json()["result_id"]
    assert [row["env"] for row in rows(client, again(client, one, times=3))] == [row["env"] for row in rows(client, again(client, result_id, times=3))]


def test_a_rerun_with_another_matrix_makes_all_anew(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, times=2, matrix=MATRIX)
    assert told(client, again(client, result_id, matrix={"A": ["x", "y"]})) == [(0, "x"), (1, "x"), (2, "y"), (3, "y")]
    assert told(client, again(client, result_id, matrix={"A": ["x", "y"]}, times=1)) == [(0, "x"), (1, "y")]
    assert told(client, again(client, result_id, matrix=None)) == [(0, ""), (1, "")]
    turned = again(client, result_id, matrix={"SEED": MATRIX["SEED"], "SIZE": MATRIX["SIZE"]}, times=1)
    assert told(client, turned)[:3] == [(0, "1 small"), (1, "1 large"), (2, "2 small")]


def test_the_same_matrix_is_no_change(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix=MATRIX)
    assert told(client, again(client, result_id, matrix=MATRIX, only=["QUEUED"])) == told(client, result_id)


def test_another_matrix_does_not_go_with_chosen_executions(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix=MATRIX)
    for path, body in ((f"/result/{result_id}/", {"only": ["QUEUED"]}), (f"/result/{result_id}/detail/1/", {})):
        answer = client.post(path, json={"operation": "RERUN", "matrix": {"A": ["1"]}, **body})
        assert (answer.status_code, "Leave them out" in answer.get_json()["message"]) == (422, True)


def test_too_many_combinations_are_refused(app: Flask, client: FlaskClient) -> None:
    matrix = {"A": [str(number) for number in range(300)], "B": [str(number) for number in range(300)]}
    task_id = ready_task(app)
    assert client.patch(f"/task/{task_id}/", json={"parameters": {"matrix": matrix}}).status_code == 200
    answer = client.post(f"/task/{task_id}/", json={"times": 2})
    assert (answer.status_code, "180,000" in str(answer.get_json())) == (422, True)
    assert client.post(f"/task/{task_id}/", json={"times": 2, "matrix": {"A": ["1", "2"]}}).status_code == 201
    answer = client.post("/result/1/", json={"operation": "RERUN", "times": 100_000})
    assert (answer.status_code, "200,000" in str(answer.get_json())) == (422, True)


def test_a_csv_has_a_column_for_each_name_and_lines_of_json_have_them_all(app: Flask, client: FlaskClient) -> None:
    result_id = run(app, client, matrix={"SIZE": ["small"], 'a,"b"': ["=1+1", "2"]})
    table = list(csv.DictReader(io.StringIO(client.get(f"/result/{result_id}/detail.csv").text, newline="")))
    assert [(row["index"], row["env.SIZE"], row['env.a,"b"']) for row in table] == [("0", "small", "'=1+1"), ("1", "small", "2")]
    assert "env" not in table[0]
    lines = client.get(f"/result/{result_id}/detail.ndjson").text.splitlines()
    assert [json.loads(line)["env"] for line in lines] == [row["env"] for row in rows(client, result_id)]


def test_a_hundred_thousand_combinations_come_to_be_in_one_statement(app: Flask, client: FlaskClient) -> None:
    values = [str(number) for number in range(100)]
    task_id = ready_task(app)
    with statements() as heard:
        answer = client.post(f"/task/{task_id}/", json={"times": 2, "matrix": {"A": values, "B": values, "C": ["1", "2", "3", "4", "5"]}})
    assert answer.status_code == 201
    inserts = [statement for statement in heard if "INSERT INTO detail" in statement]
    assert len(inserts) == 1
    assert "SELECT" in inserts[0]
    assert len(heard) < 20
    with statements() as heard:
        found = client.get("/result/1/detail/", query_string={"matrix": ["A=99", "C=5"], "page_size": 100, "page": 2})
    assert [row["env"] for row in found.get_json()][-2:] == [{"A": "99", "B": "99", "C": "5"}] * 2
    assert (json.loads(found.headers["X-Pagination"])["total"], len(found.get_json())) == (200, 100)
    assert len(heard) < 20, "no question for each row"
