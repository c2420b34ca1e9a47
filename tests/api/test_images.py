"""The images that a task has had, and which results are of which."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import images as jobs
from app.models import Task, move_task
from app.services import results
from tests.support.stepping import IMAGE, ready_task, task_of

OTHER = "sha256:" + "2" * 64


def brought_in(app: Flask, task_id: int, image_id: str, pulled: bool = False) -> None:
    """Import the task's image again, as the job does once it has found it."""
    with app.app_context():
        task: Task = task_of(task_id)
        assert task.status != "READY" or move_task(task, "submit")
        assert move_task(task, "import")
        jobs._ready(task, image_id, pulled)


def images(client: FlaskClient, task_id: int, **query: Any) -> list[Any]:
    with client.application.app_context():
        answer = client.get(f"/task/{task_id}/image/", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    found: list[Any] = answer.get_json()
    return found


def told(client: FlaskClient, task_id: int) -> list[tuple[Any, ...]]:
    return [(row["image_id"], row["current"], row["results"]) for row in images(client, task_id)]


def test_a_task_that_was_never_imported_has_none(app: Flask, client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "tool"})
    assert images(client, 1) == []
    assert client.get("/task/9/image/").status_code == 404


def test_each_import_that_ends_ready_is_written_down(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    brought_in(app, task_id, IMAGE)
    (row,) = images(client, task_id)
    assert set(row) == {"image_id", "imported_at", "pulled", "current", "removed_at", "results"}
    assert (row["image_id"], row["current"], row["pulled"], row["removed_at"], row["results"]) == (IMAGE, True, False, None, 0)
    assert row["imported_at"] == client.get(f"/task/{task_id}/").get_json()["imported_at"]


def test_the_one_imported_last_is_first_and_current(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    brought_in(app, task_id, IMAGE)
    client.post(f"/task/{task_id}/"), client.post(f"/task/{task_id}/")
    brought_in(app, task_id, OTHER)
    client.post(f"/task/{task_id}/")
    assert told(client, task_id) == [(OTHER, True, 1), (IMAGE, False, 2)]
    brought_in(app, task_id, IMAGE)
    assert told(client, task_id) == [(IMAGE, True, 2), (OTHER, False, 1)]
    assert [row["image_id"] for row in images(client, task_id, page_size=1, page=2)] == [OTHER]


def test_results_are_found_by_their_image(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    brought_in(app, task_id, IMAGE)
    client.post(f"/task/{task_id}/")
    brought_in(app, task_id, OTHER)
    client.post(f"/task/{task_id}/"), client.post("/result/1/", json={"operation": "RERUN"})
    for image_id, ids in ((IMAGE, [1]), (OTHER, [3, 2]), ("sha256:", [])):
        found = client.get("/result/", query_string={"image_id": image_id, "task_id": task_id})
        assert [row["result_id"] for row in found.get_json()] == ids
    answer = client.post("/result/", json={"operation": "KILL", "image_id": OTHER, "expect": 2})
    assert (answer.status_code, answer.json) == (200, {"count": 2})


@pytest.mark.parametrize(
    ("imports", "pulled"),
    [
        ([True], True),
        ([False], False),
        ([True, False], True),
        ([False, True], True),
        ([False, False], False),
    ],
)
def test_what_a_pull_of_ours_brought_in_stays_ours(app: Flask, client: FlaskClient, imports: list[bool], pulled: bool) -> None:
    task_id = ready_task(app)
    for once in imports:
        brought_in(app, task_id, IMAGE, once)
    assert images(client, task_id)[0]["pulled"] is pulled


def test_what_was_removed_and_brought_back_by_somebody_is_not_ours(app: Flask, client: FlaskClient) -> None:
    from app.extensions import db
    from app.models import Image

    task_id = ready_task(app)
    for pulled in (False, True):
        brought_in(app, task_id, IMAGE, True)
        with app.app_context():
            db.session.execute(db.update(Image).values(removed_at=5.0))
            db.session.commit()
        assert images(client, task_id)[0]["removed_at"] == 5.0
        brought_in(app, task_id, IMAGE, pulled)
        (row,) = images(client, task_id)
        assert (row["pulled"], row["removed_at"]) == (pulled, None)


def test_images_are_of_their_task_and_go_with_it(app: Flask, client: FlaskClient) -> None:
    one, two = ready_task(app, "one"), ready_task(app, "two")
    brought_in(app, one, IMAGE), brought_in(app, two, IMAGE), brought_in(app, two, OTHER)
    assert (len(images(client, one)), len(images(client, two))) == (1, 2)
    assert client.delete(f"/task/{two}/").status_code == 204
    assert len(images(client, one)) == 1


def test_a_live_result_is_seen_anew_once_its_task_has_another_image(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    with app.app_context():
        revision = results.submit(task_id).revision
    for image_id, more in ((IMAGE, 0), (OTHER, 1)):
        brought_in(app, task_id, image_id)
        with app.app_context():
            assert results.get(1).revision == revision + more
