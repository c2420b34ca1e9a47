"""GET /result/{id}/compare/{other}/."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Result
from app.services.comparison import candidates
from app.states import Status
from tests.support.failed import failed, known
from tests.support.rows import IMAGE, Execution, result_row, task_row


def took(seconds: float, status: Status = Status.COMPLETE) -> Execution:
    return (status, 1.0, 1.0 + seconds)


@pytest.fixture
def task_id(app: Flask) -> int:
    with app.app_context():
        found = task_row()
        db.session.commit()
        return found


def parameters_of(result_id: int, **parameters: object) -> None:
    db.session.execute(db.update(Result).where(Result.id == result_id).values(parameters=parameters))
    db.session.commit()


def test_two_results_stand_side_by_side(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        other = result_row(task_row("other"), [took(1.0), took(2.0)])
        known(other, exit_code=0)
        one = result_row(task_id, [took(3.0), took(9.0, Status.ERROR)])
        failed(one, 1, line="no cargo")
        known(one, 0, exit_code=0)
        parameters_of(one, command=["a"], env={"SEED": "7", "MODE": "x"}, of_times=5)
        parameters_of(other, command=["a"], env={"SEED": "8", "MODE": "x"}, timeout=5)
    found = client.get(f"/result/{one}/compare/{other}/").get_json()
    mine = found["result"]
    assert (mine["result_id"], mine["task_id"], mine["status"], mine["times"], mine["image_id"], mine["duration"]) == (one, task_id, "ERROR", 2, IMAGE, 9.0)
    assert (mine["counts"]["COMPLETE"], mine["counts"]["ERROR"], mine["success_rate"]) == (1, 1, 0.5)
    assert mine["exit_codes"] == [{"exit_code": 0, "count": 1}, {"exit_code": 3, "count": 1}]
    assert mine["parameters"] == {"command": ["a"], "env": {"SEED": "7", "MODE": "x"}}
    assert (found["other"]["result_id"], found["other"]["durations"]["p50"]) == (other, 1.0)
    differences = [{"name": "env.SEED", "value": "7", "other_value": "8"}, {"name": "timeout", "value": None, "other_value": 5}]
    assert found["parameters"] == differences
    assert (found["p50_ratio"], found["p95_ratio"]) == (3.0, 4.5)
    assert (found["same"], found["changed"], found["unpaired"]) == (1, 1, 0)
    assert {"status": "ERROR", "other_status": "COMPLETE", "count": 1} in found["transitions"]
    detail_ids = [client.get(f"/result/{result_id}/detail/?index=1").get_json()[0]["detail_id"] for result_id in (one, other)]
    change = {"index": 1, "detail_id": detail_ids[0], "status": "ERROR", "other_detail_id": detail_ids[1], "other_status": "COMPLETE"}
    assert found["changes"] == [change]


def test_of_secret_variables_it_is_told_which_there_are(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        one, other = result_row(task_id, [took(1.0)]), result_row(task_id, [took(1.0)])
        for result_id, names in ((one, ("KEY", "PIN")), (other, ("KEY",))):
            db.session.execute(db.update(Result).where(Result.id == result_id).values(secret_env=dict.fromkeys(names, "sealed")))
        db.session.commit()
    answer = client.get(f"/result/{one}/compare/{other}/")
    assert answer.get_json()["parameters"] == [{"name": "secret_env.PIN", "value": "secret", "other_value": None}]
    assert "sealed" not in answer.text


def test_only_executions_of_the_same_index_that_have_ended_are_held_against_each_other(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        other = result_row(task_id, [took(1.0), took(1.0, Status.ERROR), took(1.0), (Status.RUNNING, 1.0, None)])
        again = result_row(task_id, [took(1.0), took(1.0), (Status.QUEUED, None, None)])
        known(again, 0, position=7)
    found = client.get(f"/result/{again}/compare/{other}/").get_json()
    assert (found["same"], found["changed"], found["unpaired"]) == (0, 1, 2)
    assert [(row["index"], row["status"], row["other_status"]) for row in found["changes"]] == [(1, "COMPLETE", "ERROR")]


def test_where_there_is_nothing_to_go_by_there_is_no_ratio(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        waits, instant = result_row(task_id, [(Status.QUEUED, None, None)]), result_row(task_id, [took(0.0)])
    for one, other in ((waits, instant), (instant, waits), (instant, instant)):
        assert client.get(f"/result/{one}/compare/{other}/").get_json()["p50_ratio"] is None


def test_a_hundred_changes_are_listed_and_all_are_counted(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        one, other = result_row(task_id, [took(1.0)] * 50_000), result_row(task_id, [took(1.0, Status.ERROR)] * 50_000)
    found = client.get(f"/result/{one}/compare/{other}/").get_json()
    assert (found["same"], found["changed"], [row["index"] for row in found["changes"]]) == (0, 50_000, list(range(100)))


def test_it_follows_the_results(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        one, other = result_row(task_id, [took(1.0)]), result_row(task_id, [(Status.RUNNING, 1.0, None)])
    assert client.get(f"/result/{one}/compare/{other}/").get_json()["unpaired"] == 1
    with app.app_context():
        known(other, status="COMPLETE", end=5.0)
        db.session.execute(db.update(Result).where(Result.id == other).values(revision=Result.revision + 1, status="COMPLETE", running=0, complete=1))
        db.session.commit()
    db.session.rollback()  # of the context that is open all through a test
    found = client.get(f"/result/{one}/compare/{other}/")
    assert (found.get_json()["same"], found.get_json()["unpaired"]) == (1, 0)
    assert client.get(f"/result/{one}/compare/{other}/", headers={"If-None-Match": found.headers["ETag"]}).status_code == 304


def test_one_that_is_not_there_is_compared_with_nothing(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        one = result_row(task_id, [took(1.0)])
    for path in (f"/result/{one}/compare/9999/", f"/result/9999/compare/{one}/"):
        assert client.get(path).status_code == 404


def test_what_runs_again_is_offered_first(app: Flask, task_id: int) -> None:
    with app.app_context():
        first, *between = (result_row(task_id, [took(1.0)]) for _ in range(25))
        again, result_row_of_another = result_row(task_id, [took(1.0)]), result_row(task_row("other"), [took(1.0)])
        late = [result_row(task_id, [took(1.0)]) for _ in range(2)]
        db.session.execute(db.update(Result).where(Result.id == again).values(rerun_of=first))
        db.session.execute(db.update(Result).where(Result.id == late[0]).values(rerun_of=again))
        db.session.commit()
        offered = [row.id for row in candidates(db.session.get_one(Result, again))]
        assert offered[:4] == [late[0], first, late[1], between[-1]] and len(offered) == 20
        assert not {again, result_row_of_another} & set(offered)
        assert candidates(db.session.get_one(Result, first))[0].id == again
