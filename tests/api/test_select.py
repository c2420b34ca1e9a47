from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Result, move
from tests.support.stepping import details_of, ready_task, submitted


def found(client: FlaskClient, **query: Any) -> list[int]:
    answer = client.get("/result/", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return [row["result_id"] for row in answer.get_json()]


def three_results(app: Flask, client: FlaskClient) -> None:
    """Result 1 of One_Task, results 2 and 3 of onextask."""
    for name, runs in (("One_Task", 1), ("onextask", 2)):
        task_id = ready_task(app, name.lower())
        client.patch(f"/task/{task_id}/", json={"name": name})
        for _ in range(runs):
            client.post(f"/task/{task_id}/", json={"times": 2})


def test_results_are_found_by_part_of_their_tasks_name_or_repository(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    assert found(client, text="ONEX") == [3, 2]
    assert found(client, text="one_") == [1], "an underscore means itself"
    assert found(client, text="%") == []
    assert found(client, text="") == [3, 2, 1]
    client.patch("/task/2/", json={"name": "other"})
    assert found(client, text="onex") == [3, 2], "the repository has it still"


def test_results_are_found_by_id(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    assert (found(client, text="2"), found(client, text="#2"), found(client, text="#9"), found(client, text="9" * 40)) == ([2], [2], [], [])


def test_results_are_found_by_when_they_were_submitted(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    times = [client.get(f"/result/{number}/").get_json()["submitted_at"] for number in (1, 2, 3)]
    assert found(client, **{"from": times[1]}) == [3, 2]
    assert found(client, to=times[1]) == [2, 1]
    assert found(client, **{"from": times[1], "to": times[1], "task_id": 2}) == [2]
    assert client.get("/result/?from=yesterday").status_code == 422
    assert client.get("/result/?from_=1").status_code == 422


@pytest.mark.parametrize("moment", [1790000000.1234999, 1790000000.1235, 1790000000.1244999, 1790000000.1245, 1790000000.1255, 1790000000.124])
def test_a_time_as_it_is_shown_selects_that_result(app: Flask, client: FlaskClient, moment: float) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        db.session.execute(db.update(Result).values(submitted_at=moment))
        db.session.commit()
    shown = client.get(f"/result/{result_id}/").get_json()["submitted_at"]
    assert (found(client, **{"from": shown, "to": shown}), found(client, **{"from": shown + 0.002}), found(client, to=shown - 0.002)) == ([result_id], [], [])


def test_each_result_says_its_tasks_name(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    assert [row["task_name"] for row in client.get("/result/").get_json()] == ["onextask", "onextask", "One_Task"]
    before = client.get("/result/1/")
    client.patch("/task/1/", json={"name": "new"})
    after = client.get("/result/1/", headers={"If-None-Match": before.headers["ETag"]})
    assert (before.get_json()["task_name"], after.get_json()["task_name"]) == ("One_Task", "new")


def test_tasks_are_found_by_part_of_name_or_repository(app: Flask, client: FlaskClient) -> None:
    ready_task(app, "team/redis"), ready_task(app, "a_b")
    client.patch("/task/1/", json={"name": "Cache"})
    for text, ids in (("REDIS", [1]), ("cac", [1]), ("_", [2]), ("zzz", [])):
        assert [row["id"] for row in client.get("/task/", query_string={"text": text}).get_json()] == ids


def test_what_a_filter_selects_is_stopped_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    answer = client.post("/result/", json={"operation": "KILL", "task_id": 2, "expect": 2})
    assert (answer.status_code, answer.json) == (200, {"count": 2})
    assert (found(client, status="CANCELLED"), found(client, status="QUEUED")) == ([3, 2], [1])


def test_nothing_is_stopped_where_the_number_is_another(app: Flask, client: FlaskClient) -> None:
    three_results(app, client)
    answer = client.post("/result/", json={"operation": "CANCEL", "expect": 2})
    assert answer.status_code == 409
    assert answer.get_json()["message"] == "The filters select 3 live results now, not 2: look again, and send 3 as `expect` if you mean them."
    assert found(client, status="QUEUED") == [3, 2, 1]


def test_what_has_ended_or_has_nothing_that_waits_does_not_count(app: Flask, client: FlaskClient) -> None:
    one, two = submitted(app, 1), submitted(app, 2)
    client.post(f"/result/{two}/", json={"operation": "CANCEL"})
    with app.app_context():
        detail = details_of(one)[0]
        assert move(detail, "claim") and move(detail, "create") and move(detail, "send_start") and move(detail, "start")
    assert client.post("/result/", json={"operation": "CANCEL", "expect": 0}).json == {"count": 0}
    assert client.post("/result/", json={"operation": "KILL", "status": ["CANCELLED"], "expect": 0}).json == {"count": 0}
    assert client.post("/result/", json={"operation": "KILL", "text": f"#{one}", "from": 0, "expect": 1}).json == {"count": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"operation": "KILL"}, "expect"),
        ({"operation": "RERUN", "expect": 1}, "operation"),
        ({"expect": 1}, "operation"),
        ({"operation": "KILL", "expect": 1, "satus": ["QUEUED"]}, "satus"),
        ({"operation": "KILL", "expect": 1, "status": "QUEUED"}, "status"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(client: FlaskClient, body: object, field: str) -> None:
    answer = client.post("/result/", json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]
