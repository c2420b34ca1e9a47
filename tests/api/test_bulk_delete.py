from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from app.extensions import db
from app.models import WITH_DELETED, Detail, Result, move
from tests.support.rows import result_row, task_row
from tests.support.stepping import details_of, run_jobs, submitted


def left(client: FlaskClient) -> list[int]:
    return [row["result_id"] for row in client.get("/result/?page_size=100").get_json()]


def delete(client: FlaskClient, **body: Any) -> Any:
    return client.post("/result/", json={"operation": "DELETE", **body})


def three_ended_and_one_live(app: Flask, client: FlaskClient) -> None:
    """Results 1 to 3 are CANCELLED, of tasks 1 to 3; result 4 waits."""
    for number in range(1, 5):
        submitted(app, number)
    for number in range(1, 4):
        client.post(f"/result/{number}/", json={"operation": "CANCEL"})


def test_what_has_ended_of_what_a_filter_selects_is_deleted_and_nothing_else(app: Flask, client: FlaskClient) -> None:
    three_ended_and_one_live(app, client)
    answer = delete(client, task_id=2, expect=1)
    assert (answer.status_code, answer.json, left(client)) == (200, {"count": 1}, [4, 3, 1])
    assert (delete(client, expect=2).json, left(client)) == ({"count": 2}, [4]), "what is live stays, whatever the filter"
    with app.app_context():
        run_jobs()
        assert db.session.execute(select(func.count()).select_from(Detail)).scalar_one() == 4


def test_nothing_is_deleted_where_the_number_is_another(app: Flask, client: FlaskClient) -> None:
    three_ended_and_one_live(app, client)
    answer = delete(client, expect=4)
    assert answer.status_code == 409
    assert answer.get_json()["message"] == "The filters select 3 ended results now, not 4: look again, and send 3 as `expect` if you mean them."
    assert left(client) == [4, 3, 2, 1]


def test_each_filter_of_the_list_selects(app: Flask, client: FlaskClient) -> None:
    three_ended_and_one_live(app, client)
    times = [client.get(f"/result/{number}/").get_json()["submitted_at"] for number in (1, 2, 3)]
    assert delete(client, status=["QUEUED", "ERROR"], expect=0).json == {"count": 0}
    assert delete(client, text="tool3", expect=1).json == {"count": 1}
    assert delete(client, **{"from": times[1], "to": times[1]}, expect=1).json == {"count": 1}
    assert (delete(client, text="#1", status=["CANCELLED"], expect=1).json, left(client)) == ({"count": 1}, [4])


def test_one_that_has_a_container_left_does_not_count(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        detail = details_of(result_id)[0]
        assert move(detail, "claim") and move(detail, "create") and move(detail, "cancel")
        assert (delete(client, expect=0).json, left(client)) == ({"count": 0}, [1])
        assert move(detail, "remove")
    assert delete(client, expect=1).json == {"count": 1}


def test_a_request_that_comes_again_deletes_no_more(app: Flask, client: FlaskClient) -> None:
    three_ended_and_one_live(app, client)
    client.post("/result/4/", json={"operation": "CANCEL"})
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = client.post("/result/", json={"operation": "DELETE", "text": "#1", "expect": 1}, headers=headers)
        assert (answer.status_code, answer.json) == (200, {"count": 1})
    assert left(client) == [4, 3, 2]


def test_the_originals_of_reruns_show_them_no_more(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    client.post(f"/result/{result_id}/", json={"operation": "RERUN"})
    client.post("/result/2/", json={"operation": "CANCEL"})
    etag = client.get(f"/result/{result_id}/").headers["ETag"]
    assert delete(client, expect=1).json == {"count": 1}
    answer = client.get(f"/result/{result_id}/", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.get_json()["reruns"]) == (200, [])


@pytest.mark.parametrize("body", [{}, {"expect": -1}, {"expect": "1"}, {"expect": 1, "satus": ["ERROR"]}])
def test_a_body_that_does_not_fit_is_refused(app: Flask, client: FlaskClient, body: dict[str, Any]) -> None:
    assert delete(client, **body).status_code == 422


def test_fifty_thousand_results_are_deleted_at_once(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        task_id = task_row()
        first = result_row(task_id, [])
        columns = [column for column in Result.columns() if column.key != "id"]
        series = select(*columns).select_from(Result).join(_numbers(49_999), db.literal(True)).where(Result.id == first)
        db.session.execute(insert(Result).from_select([column.key for column in columns], series))
        db.session.commit()
    assert delete(client, expect=50_000).json == {"count": 50_000}
    assert left(client) == []
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(Result).execution_options(**WITH_DELETED)).scalar_one() == 50_000


def _numbers(most: int) -> Any:
    series = select(db.literal(1).label("number")).cte("numbers", recursive=True)
    return series.union_all(select(series.c.number + 1).where(series.c.number < most))
