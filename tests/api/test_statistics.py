"""GET /result/{id}/statistics/ and /task/{id}/statistics/, and what of it is in a result and an execution."""

import csv
import io
import json
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Result
from app.services import statistics, trends
from app.states import Status
from tests.support.failed import failed, known
from tests.support.rows import SUBMITTED, Execution, result_row, task_row

NOTHING = {"count": 0, "min": None, "p50": None, "p95": None, "max": None}


def took(seconds: float, status: Status = Status.COMPLETE) -> Execution:
    return (status, 1.0, 1.0 + seconds)


@pytest.fixture
def task_id(app: Flask) -> int:
    with app.app_context():
        found = task_row()
        db.session.commit()
        return found


def test_of_a_result_that_waits_there_are_no_figures(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = result_row(task_id, [(Status.QUEUED, None, None)])
    assert client.get(f"/result/{result_id}/").get_json()["durations"] == NOTHING
    assert client.get(f"/result/{result_id}/statistics/").get_json() == {
        "result_id": result_id, "task_id": task_id, "status": "QUEUED", "durations": NOTHING, "waits": NOTHING, "success_rate": None,
        "exit_codes": [], "failures": [], "failures_left": 0, "peak_memory": NOTHING, "cpu_seconds": {**NOTHING, "total": None},
    }  # fmt: skip


def test_a_result_says_how_its_executions_ended_and_what_they_took(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = result_row(task_id, [took(1.0), took(2.0), took(3.0004), took(9.0, Status.ERROR)])
        known(result_id, 0, 1, 2, exit_code=0, reason="exit", peak_memory=10_000_000, cpu_seconds=0.5)
        failed(result_id, 3, line="hold 4 is empty", ending="hold # is empty")
    durations = {"count": 4, "min": 1.0, "p50": 2.0, "p95": 9.0, "max": 9.0}
    assert client.get(f"/result/{result_id}/").get_json()["durations"] == durations
    found = client.get(f"/result/{result_id}/statistics/").get_json()
    example = client.get(f"/result/{result_id}/detail/?status=ERROR").get_json()[0]["detail_id"]
    assert list(found)[:3] == ["result_id", "task_id", "status"]
    assert (found["durations"], found["waits"]["p50"], found["success_rate"]) == (durations, 1.0, 0.75)
    assert found["exit_codes"] == [{"exit_code": 0, "count": 3}, {"exit_code": 3, "count": 1}]
    group = {"reason": "exit", "exit_code": 3, "ending": "hold # is empty", "last_line": "hold 4 is empty", "count": 1}
    assert found["failures"] == [{**group, "result_id": result_id, "detail_id": example, "index": 3}]
    assert found["peak_memory"] == {"count": 3, "min": 10_000_000, "p50": 10_000_000, "p95": 10_000_000, "max": 10_000_000}
    assert found["cpu_seconds"] == {"count": 3, "min": 0.5, "p50": 0.5, "p95": 0.5, "max": 0.5, "total": 1.5}


def test_an_execution_says_what_it_took_and_how_its_log_ended_and_so_do_the_files(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = result_row(task_id, [took(1.0, Status.ERROR)])
        known(result_id, last_line="=no cargo", peak_memory=4096, cpu_seconds=0.12345)
    row = client.get(f"/result/{result_id}/detail/").get_json()[0]
    assert (row["peak_memory"], row["cpu_seconds"], row["last_line"]) == (4096, 0.123, "=no cargo")
    assert json.loads(client.get(f"/result/{result_id}/detail.ndjson").text).items() <= row.items()
    line = next(csv.DictReader(io.StringIO(client.get(f"/result/{result_id}/detail.csv").text, newline="")))
    assert (line["peak_memory"], line["cpu_seconds"], line["last_line"]) == ("4096", "0.123", "'=no cargo")


def test_the_etag_is_the_revision(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = result_row(task_id, [took(1.0)])
    etag = client.get(f"/result/{result_id}/statistics/").headers["ETag"]
    assert client.get(f"/result/{result_id}/statistics/", headers={"If-None-Match": etag}).status_code == 304
    with app.app_context():
        db.session.execute(db.update(Result).values(revision=Result.revision + 1))
        db.session.commit()
    db.session.rollback()  # of the context that is open all through a test
    assert client.get(f"/result/{result_id}/statistics/", headers={"If-None-Match": etag}).status_code == 200


def test_a_result_of_a_hundred_thousand_answers_at_once_the_second_time(app: Flask, client: FlaskClient, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        result_id = result_row(task_id, [took(i % 7) for i in range(100_000)])
    first = client.get(f"/result/{result_id}/").get_json()
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        assert client.get(f"/result/{result_id}/").get_json() == first
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.05


def test_a_task_is_told_of_by_its_last_results_newest_first(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        other = result_row(task_row("other"), [took(50.0)])
        old = result_row(task_id, [took(1.0), took(2.0, Status.ERROR)])
        failed(old, 1, line="no cargo")
        new = result_row(task_id, [took(3.0), took(4.0), (Status.QUEUED, None, None)])
        known(new, 0, 1, exit_code=0, peak_memory=4096, cpu_seconds=2.0)
    found = client.get(f"/task/{task_id}/statistics/").get_json()
    assert found["sample"] == {"results": 2, "executions": 5, "executions_in_all": 5}
    assert found["durations"] == {"count": 4, "min": 1.0, "p50": 2.0, "p95": 4.0, "max": 4.0}
    assert (found["success_rate"], [(group["count"], group["result_id"], group["index"]) for group in found["failures"]]) == (0.75, [(1, old, 1)])
    assert (found["peak_memory"]["max"], found["cpu_seconds"]["total"]) == (4096, 4.0)
    rows = [(row["result_id"], row["status"], row["times"], row["success_rate"], row["durations"]["p50"], row["submitted_at"]) for row in found["results"]]
    assert rows == [(new, "RUNNING", 3, 1.0, 3.0, SUBMITTED), (old, "ERROR", 2, 0.5, 1.0, SUBMITTED)]
    assert client.get(f"/result/{other}/").status_code == 200


def test_a_task_that_has_not_run_has_no_figures(client: FlaskClient, task_id: int) -> None:
    found = client.get(f"/task/{task_id}/statistics/").get_json()
    assert (found["sample"]["results"], found["durations"], found["success_rate"], found["results"]) == (0, NOTHING, None, [])


def test_of_a_large_task_a_part_is_looked_at_and_the_answer_says_which(app: Flask, client: FlaskClient, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "MOST_RESULTS", 3)
    monkeypatch.setattr(trends, "MOST_EXECUTIONS", 30)
    with app.app_context():
        for times in (5, 4, 100, 100):
            result_id = result_row(task_id, [took(float(place + 1)) for place in range(times)])
        # As where chosen executions ran again: their indices have gaps.
        known(result_id, position=statistics.DETAIL.position * 10)
    found = client.get(f"/task/{task_id}/statistics/").get_json()
    assert found["sample"] == {"results": 3, "executions": 30, "executions_in_all": 204}
    assert [row["durations"]["count"] for row in found["results"]] == [13, 13, 4]
    assert found["results"][0]["durations"]["max"] == 13.0


def test_the_shares_use_what_small_results_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "MOST_EXECUTIONS", 100)
    assert trends._shares({1: 1000, 2: 10, 3: 1000, 4: 20}) == {2: 10, 4: 20, 1: 35, 3: 35}
    assert trends._shares({}) == {}


def test_a_task_is_worked_out_anew_once_a_result_of_it_changes(app: Flask, client: FlaskClient, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        result_row(task_id, [took(1.0)])
    first = client.get(f"/task/{task_id}/statistics/").get_json()
    with monkeypatch.context() as patch:
        patch.setattr(statistics, "summary_of", lambda which: pytest.fail("it is worked out again"))
        assert client.get(f"/task/{task_id}/statistics/").get_json() == first
    with app.app_context():
        result_row(task_id, [took(1.0)])
    db.session.rollback()  # of the context that is open all through a test
    assert client.get(f"/task/{task_id}/statistics/").get_json()["sample"]["results"] == 2


@pytest.mark.parametrize("path", ["/result/9/statistics/", "/task/9/statistics/"])
def test_there_are_none_of_what_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
