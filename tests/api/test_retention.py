"""What the API says of retention, and of logs that it removed."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.config import Keep
from app.extensions import db, huey
from app.models import Image, Result, write
from tests.support.kept import DAY, ended, limit, live, log_file, tidy
from tests.support.rows import task_row
from tests.support.stepping import empty_queue, run_jobs


@pytest.fixture
def task_id(app: Flask) -> int:
    with app.app_context(), write():
        return task_row()


def seen(client: FlaskClient) -> Any:
    db.session.rollback()  # requests of a test share a session, and what it has read
    answer = client.get("/retention/")
    assert answer.status_code == 200
    return answer.get_json()


def test_nothing_is_limited_unless_somebody_says_so(client: FlaskClient) -> None:
    found = seen(client)
    assert set(found["keep"].values()) == {None}
    assert found["sentences"] == [
        "Results that have ended are kept for ever.",
        "Their logs are kept for ever.",
        "Images that Estivador pulled and no task has now are kept for ever.",
        "What is live, and what it needs, is never removed.",
    ]
    assert (found["due"]["count"], found["tidied_at"], found["runs"]) == (0, None, [])


def test_the_limits_stand_there_in_words(app: Flask, client: FlaskClient) -> None:
    limit(app, Keep(results_days=1, results=10_000, logs_days=30, logs_size=20 * 1024**3, images_days=7, images=0))
    found = seen(client)
    assert found["keep"] == {"results_days": 1, "results": 10_000, "logs_days": 30, "logs_size": 20 * 1024**3, "images_days": 7, "images": 0}
    assert found["sentences"][:3] == [
        "Results that have ended are kept: for 1 day after their end, and the newest 10,000 in all.",
        "Their logs are kept: for 30 days after the end of the result, and the newest 20 GiB in all.",
        "Images that Estivador pulled and no task has now are kept: for 7 days after their import, and the newest 0 of each task.",
    ]


def test_it_tells_what_is_stored_what_goes_next_and_what_went(app: Flask, client: FlaskClient, task_id: int) -> None:
    limit(app, Keep(results_days=30, logs_days=7, images=0))
    with app.app_context():
        old, middle, new = (ended(task_id, days, times=2) for days in (31, 8, 1))
        for result_id in (old, middle, new, live(task_id)):
            log_file(app, result_id, 8)
        with write() as session:
            session.execute(update(Result).where(Result.id.in_((old, middle))).values(logs_size=8192))
            session.add(Image(task_id=task_id, image_id="a", pulled=True, imported_at=time.time() - DAY))
        found = seen(client)
        assert found["stored"] == {"results": 4, "executions": 8, "logs_bytes": 16384, "unmeasured": 2, "images": 1, "leaving": 0}
        assert found["due"] == {"count": 3, "results": 1, "executions": 2, "logs": 1, "logs_bytes": 8192, "images": 1}
        limit(app, Keep(results_days=30, logs_days=7))
        tidy()
    found = seen(client)
    assert found["stored"] == {"results": 3, "executions": 6, "logs_bytes": 8192, "unmeasured": 1, "images": 1, "leaving": 0}
    assert found["due"]["count"] == 0
    run = found["runs"][0]
    assert {name: run[name] for name in ("results", "executions", "logs", "logs_bytes", "images", "error")} == {
        "results": 1, "executions": 2, "logs": 1, "logs_bytes": 8192, "images": 0, "error": None,
    }  # fmt: skip
    assert run["at"] <= run["ended_at"]
    assert abs(found["tidied_at"] - time.time()) < 60


def test_what_is_deleted_and_not_yet_removed_is_told_apart(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = ended(task_id, 1)
    client.delete(f"/result/{result_id}/")
    assert (seen(client)["stored"]["results"], seen(client)["stored"]["leaving"]) == (0, 1)
    with app.app_context():
        run_jobs()
    assert seen(client)["stored"]["leaving"] == 0


def test_it_is_tidied_on_demand_where_the_number_is_right(app: Flask, client: FlaskClient, task_id: int) -> None:
    limit(app, Keep(results_days=30))
    with app.app_context():
        ended(task_id, 31), ended(task_id, 1)
        empty_queue()
        answer = client.post("/retention/", json={"operation": "TIDY", "expect": 2})
        assert (answer.status_code, len(huey)) == (409, 0)
        assert answer.get_json()["message"] == "1 things are due now, not 2: look again, and send 1 as `expect` if you mean them."
        answer = client.post("/retention/", json={"operation": "TIDY", "expect": 1})
        assert (answer.status_code, answer.get_json()["count"]) == (202, 1)
        run_jobs()
    assert [row["result_id"] for row in client.get("/result/").get_json()] == [2]


@pytest.mark.parametrize(
    "body", [{}, {"operation": "TIDY"}, {"operation": "RUN", "expect": 0}, {"operation": "TIDY", "expect": -1}, {"operation": "TIDY", "expect": 0, "x": 1}]
)
def test_a_body_that_does_not_fit_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post("/retention/", json=body).status_code == 422


def test_a_log_that_was_removed_says_so_everywhere(app: Flask, client: FlaskClient, task_id: int) -> None:
    limit(app, Keep(logs_days=7))
    with app.app_context():
        old, new = ended(task_id, 8), ended(task_id, 1)
        for result_id in (old, new):
            log_file(app, result_id)
        tidy()
    for result_id, code in ((old, 410), (new, 200)):
        result = client.get(f"/result/{result_id}/").get_json()
        detail = client.get(f"/result/{result_id}/detail/").get_json()[0]
        one = client.get(f"/result/{result_id}/detail/{detail['detail_id']}/").get_json()
        line = json.loads(client.get(f"/result/{result_id}/detail.ndjson").text)
        times = {found["logs_removed_at"] for found in (result, detail, one, line, client.get(f"/result/?text=%23{result_id}").get_json()[0])}
        assert len(times) == 1
        assert (times == {None}) == (code == 200)
        log = client.get(f"/result/{result_id}/detail/{detail['detail_id']}/log/")
        assert log.status_code == code
        if code == 410:
            assert "were removed on" in log.get_json()["message"]


def test_an_answer_that_a_client_has_is_new_once_the_logs_are_removed(app: Flask, client: FlaskClient, task_id: int) -> None:
    with app.app_context():
        result_id = ended(task_id, 8)
        log_file(app, result_id)
        etag = client.get(f"/result/{result_id}/").headers["ETag"]
        limit(app, Keep(logs_days=7))
        tidy()
    assert client.get(f"/result/{result_id}/", headers={"If-None-Match": etag}).status_code == 200


def test_a_result_without_logs_says_nothing_of_them(app: Flask, client: FlaskClient, task_id: int) -> None:
    limit(app, Keep(logs_days=7))
    with app.app_context():
        result_id = ended(task_id, 8)
        tidy()
        assert db.session.get_one(Result, result_id).logs_size == 0
    assert client.get(f"/result/{result_id}/").get_json()["logs_removed_at"] is None
    assert not (Path(app.instance_path) / "logs" / str(result_id)).exists()
