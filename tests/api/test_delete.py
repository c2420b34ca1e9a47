from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.extensions import db
from app.jobs import removal
from app.logstore import LogStore
from app.models import WITH_DELETED, Attempt, Detail, History, Image, Result, ResultLabel, Task, move, write
from tests.support.estivador import Estivador
from tests.support.stepping import IMAGE, details_of, empty_queue, ready_task, run_jobs, submitted
from tests.support.waiting import until


def rows(model: type[Detail] | type[History] | type[Result] | type[Attempt] | type[ResultLabel] | type[Task]) -> int:
    """How many there are, deleted or not."""
    return db.session.execute(select(func.count()).select_from(model).execution_options(**WITH_DELETED)).scalar_one()


def cancelled(app: Flask, client: FlaskClient, times: int) -> int:
    result_id = submitted(app, times)
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    return result_id


def test_a_result_goes_with_all_that_belongs_to_it(app: Flask, client: FlaskClient) -> None:
    other = cancelled(app, client, 2)
    result_id = cancelled(app, client, 3)
    logs: Path = app.extensions["log_store"].path((result_id, 5, 1))
    logs.parent.mkdir(parents=True)
    for attempt in (1, 2):
        logs.with_name(f"5-{attempt}.log").write_bytes(b"")
    with app.app_context(), write() as session:
        session.add_all([Attempt(detail_id=5, number=1), ResultLabel(result_id=result_id, name="a", value="b")])
    assert client.delete(f"/result/{result_id}/").status_code == 204
    assert client.get(f"/result/{result_id}/").status_code == 404
    assert client.delete(f"/result/{result_id}/").status_code == 404
    with app.app_context():
        run_jobs()
        assert (rows(Result), rows(Detail), rows(Attempt), rows(ResultLabel)) == (1, 2, 0, 0)
        assert db.session.execute(select(History.object_id).where(History.kind == "result")).scalars().all() == [other]
        assert db.session.execute(select(func.count()).where(History.kind == "detail")).scalar_one() == 2
    assert not (Path(app.instance_path) / "logs" / str(result_id)).exists()


def test_a_deleted_result_is_nowhere_before_its_rows_are_removed(app: Flask, client: FlaskClient) -> None:
    result_id = cancelled(app, client, 3)
    detail_id = client.get(f"/result/{result_id}/detail/").get_json()[0]["detail_id"]
    assert client.delete(f"/result/{result_id}/").status_code == 204
    with app.app_context():
        assert (rows(Result), rows(Detail)) == (1, 3)
    assert client.get("/result/").headers["X-Pagination"].startswith('{"total": 0')
    below = ("", "detail/", f"detail/{detail_id}/", f"detail/{detail_id}/log/", "detail.csv", "detail.ndjson")
    assert {client.get(f"/result/{result_id}/{path}").status_code for path in below} == {404}
    for body in ({"operation": "KILL"}, {"operation": "RERUN"}):
        assert {client.post(f"/result/{result_id}/{path}", json=body).status_code for path in ("", f"detail/{detail_id}/")} == {404}


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


def test_a_removal_that_dies_in_the_middle_goes_on(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    result_id = cancelled(app, client, 5)
    client.delete(f"/result/{result_id}/")
    monkeypatch.setattr(removal, "BATCH", 2)
    with app.app_context():
        with patch.object(LogStore, "delete", side_effect=PermissionError):
            run_jobs()
        assert (rows(Result), rows(Detail)) == (1, 0)
        assert removal.is_due()
        removal.remove_results()
        run_jobs()
        assert (rows(Result), rows(History)) == (0, 2), "the task's history stays"
        assert not removal.is_due()


def test_logs_that_cant_be_removed_keep_no_other_result(app: Flask, client: FlaskClient) -> None:
    for number in (1, 2):
        client.delete(f"/result/{cancelled(app, client, number)}/")

    def refuse(store: LogStore, result: int) -> None:
        if result == 1:
            raise PermissionError

    with app.app_context(), patch.object(LogStore, "delete", refuse):
        run_jobs()
        assert db.session.execute(select(Result.id).execution_options(**WITH_DELETED)).scalars().all() == [1]


def test_a_lost_message_loses_nothing(app: Flask, client: FlaskClient) -> None:
    client.delete(f"/result/{cancelled(app, client, 2)}/")
    empty_queue()
    with app.app_context():
        assert removal.is_due(), "so the supervisor rings again"


def test_a_delete_only_marks_and_the_rows_go_in_batches(app: Flask, client: FlaskClient) -> None:
    result_id = cancelled(app, client, 10_000)
    assert client.delete(f"/result/{result_id}/").status_code == 204
    with app.app_context():
        assert rows(Detail) == 10_000
        with patch.object(removal, "remove_batch", wraps=removal.remove_batch) as batch, patch.multiple(removal, PAUSE=0.0, LONGEST_PAUSE=0.0):
            run_jobs()
        assert (rows(Result), rows(Detail)) == (0, 0)
        assert batch.call_count == 10_000 // removal.BATCH + 1


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
    with app.app_context():
        run_jobs()
    assert client.get("/result/2/").get_json()["rerun_of"] == result_id


def test_a_task_goes_with_its_results_and_no_other(app: Flask, client: FlaskClient) -> None:
    cancelled(app, client, 2), cancelled(app, client, 3)
    client.post("/task/1/", json={"times": 4}), client.post("/result/3/", json={"operation": "CANCEL"})
    assert client.delete("/task/1/").status_code == 204
    assert client.get("/task/1/").status_code == 404
    assert client.delete("/task/1/").status_code == 404
    assert [row["id"] for row in client.get("/task/").get_json()] == [2]
    assert [row["result_id"] for row in client.get("/result/").get_json()] == [2]
    with app.app_context():
        run_jobs()
        assert (rows(Detail), rows(Task), rows(Result)) == (3, 1, 1)
        assert db.session.execute(select(History.object_id).where(History.kind == "task")).scalars().unique().all() == [2]


def test_a_deleted_tasks_row_keeps_no_words_and_no_secrets(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app, "hush")
    client.patch(f"/task/{task_id}/", json={"description": "hush", "parameters": {"env": {"A": "hush"}}})
    with app.app_context():
        with write() as session:
            session.add(Image(task_id=task_id, image_id=IMAGE, pulled=True, imported_at=1.0))
            session.execute(update(Task).values(secret_env={"A": "hush"}, registry_password="hush", registry_username="hush", labels={"a": "hush"}))
        client.delete(f"/task/{task_id}/")
        run_jobs()
        row = db.session.execute(select(*Task.columns()).execution_options(**WITH_DELETED)).one()
        assert row.repository == "hush", "its image is still in the store, and is to be found there once it is to go"
        assert "hush" not in repr([value for name, value in row._mapping.items() if name != "repository"])
        with write() as session:
            session.execute(update(Image).values(removed_at=2.0))
        removal.remove_results()
        run_jobs()
        assert rows(Task) == 0


def test_a_task_that_is_being_imported_stays(client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a"})
    answer = client.delete("/task/1/")
    assert (answer.status_code, "import" in answer.get_json()["message"]) == (409, True)


def test_a_name_is_free_again_at_once(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app, "x")
    assert client.delete(f"/task/{task_id}/").status_code == 204
    assert client.post("/task/", json={"repository": "x"}).get_json()["task_id"] == task_id + 1


def test_nobody_can_take_the_name_that_a_deleted_task_has(app: Flask, client: FlaskClient) -> None:
    assert client.delete(f"/task/{ready_task(app, 'x')}/").status_code == 204
    with app.app_context():
        name = db.session.execute(select(Task.name).execution_options(**WITH_DELETED)).scalar_one()
    assert client.post("/task/", json={"repository": "y", "name": name}).status_code == 422


def test_a_result_that_ran_leaves_nothing(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), times=3, command="echo hello")
    running.until_ended(result_id)
    logs = running.folder / "logs" / str(result_id)
    assert logs.exists()
    until(lambda: running.request("DELETE", f"/result/{result_id}/").status_code == 204, 60, "its containers are removed, so it can be deleted")
    until(lambda: not logs.exists() and running.rows("SELECT id FROM result") == [], 60, "the job has removed its logs and its row")
    assert running.rows("SELECT count(*) FROM detail") == [(0,)]
