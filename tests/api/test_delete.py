import time
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.logstore import LogStore
from app.models import Detail, History, Result, move
from app.services import removal, results
from tests.support.estivador import Estivador
from tests.support.stepping import details_of, ready_task, submitted
from tests.support.waiting import until


def rows(model: type[Detail] | type[History] | type[Result]) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def cancelled(app: Flask, client: FlaskClient, times: int) -> int:
    result_id = submitted(app, times)
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    return result_id


def test_a_result_goes_with_all_that_belongs_to_it(app: Flask, client: FlaskClient) -> None:
    other = cancelled(app, client, 2)
    result_id = cancelled(app, client, 3)
    logs: Path = app.extensions["log_store"].path((result_id, 5, 1))
    logs.parent.mkdir(parents=True)
    logs.write_bytes(b"")
    assert client.delete(f"/result/{result_id}/").status_code == 204
    assert client.get(f"/result/{result_id}/").status_code == 404
    assert client.delete(f"/result/{result_id}/").status_code == 404
    assert not (Path(app.instance_path) / "logs" / str(result_id)).exists()
    with app.app_context():
        assert (rows(Result), rows(Detail)) == (1, 2)
        assert db.session.execute(select(History.object_id).where(History.kind == "result")).scalars().all() == [other]
        assert db.session.execute(select(func.count()).where(History.kind == "detail")).scalar_one() == 2


def test_what_is_live_stays(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 3)
    answer = client.delete(f"/result/{result_id}/")
    assert (answer.status_code, "KILL" in answer.get_json()["message"]) == (409, True)
    assert client.delete("/task/1/").status_code == 409
    assert len(client.get(f"/result/{result_id}/detail/").get_json()) == 3


def test_what_still_has_a_container_stays(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        detail = details_of(result_id)[0]
        assert move(detail, "claim") and move(detail, "create") and move(detail, "cancel")
        for path in (f"/result/{result_id}/", "/task/1/"):
            answer = client.delete(path)
            assert (answer.status_code, "container" in answer.get_json()["message"]) == (409, True)
        assert move(detail, "remove")
    assert client.delete(f"/result/{result_id}/").status_code == 204


def test_what_dies_in_the_middle_can_be_deleted_again(app: Flask, client: FlaskClient) -> None:
    result_id = cancelled(app, client, 5)
    with app.app_context(), patch.object(removal, "BATCH", 2):
        with patch.object(LogStore, "delete", side_effect=PermissionError), pytest.raises(PermissionError):
            results.delete(result_id)
        assert (rows(Result), rows(Detail)) == (1, 0)
        results.delete(result_id)
        assert (rows(Result), rows(History)) == (0, 2), "the task's history stays"


def test_a_hundred_thousand_are_deleted_and_nobody_waits_long(app: Flask, client: FlaskClient) -> None:
    result_id = cancelled(app, client, 100_000)
    held: list[float] = []
    batch = removal._remove_batch

    def timed(one: int) -> bool:
        begun = time.monotonic()
        more = batch(one)
        held.append(time.monotonic() - begun)
        return more

    with patch.object(removal, "_remove_batch", timed):
        assert client.delete(f"/result/{result_id}/").status_code == 204
    assert len(held) == 21
    assert max(held) < 2, "well below the busy timeout of those who wait"


def test_the_original_of_a_rerun_shows_it_no_more(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    client.post(f"/result/{result_id}/", json={"operation": "RERUN"})
    client.post("/result/2/", json={"operation": "CANCEL"})
    etag = client.get(f"/result/{result_id}/").headers["ETag"]
    assert client.delete("/result/2/").status_code == 204
    answer = client.get(f"/result/{result_id}/", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.get_json()["reruns"]) == (200, [])


def test_a_rerun_outlives_its_original(app: Flask, client: FlaskClient) -> None:
    result_id = cancelled(app, client, 2)
    client.post(f"/result/{result_id}/", json={"operation": "RERUN"})
    assert client.delete(f"/result/{result_id}/").status_code == 204
    assert client.get("/result/2/").get_json()["rerun_of"] == result_id


def test_a_task_goes_with_its_results_and_no_other(app: Flask, client: FlaskClient) -> None:
    cancelled(app, client, 2), cancelled(app, client, 3)
    client.post("/task/1/", json={"times": 4}), client.post("/result/3/", json={"operation": "CANCEL"})
    assert client.delete("/task/1/").status_code == 204
    assert client.get("/task/1/").status_code == 404
    assert [row["result_id"] for row in client.get("/result/").get_json()] == [2]
    with app.app_context():
        assert rows(Detail) == 3
        assert db.session.execute(select(History.object_id).where(History.kind == "task")).scalars().unique().all() == [2]


def test_a_task_that_is_being_imported_stays(client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a"})
    answer = client.delete("/task/1/")
    assert (answer.status_code, "import" in answer.get_json()["message"]) == (409, True)


def test_a_name_is_free_again(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app, "x")
    assert client.delete(f"/task/{task_id}/").status_code == 204
    assert client.post("/task/", json={"repository": "x"}).get_json()["task_id"] == task_id + 1


def test_a_result_that_ran_leaves_nothing(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), times=3, command="echo hello")
    running.until_ended(result_id)
    assert (running.folder / "logs" / str(result_id)).exists()
    until(lambda: running.request("DELETE", f"/result/{result_id}/").status_code == 204, 20, "its containers are removed, so it can be deleted")
    assert not (running.folder / "logs" / str(result_id)).exists()
    assert running.rows("SELECT count(*) FROM detail") == [(0,)]
