"""A task's own login at its registry: both fields or neither, null removes it, and the password is never answered."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.engine.images import Login
from app.jobs import disclosed
from app.services import tasks
from tests.support.stepping import ready_task

LOGIN = {"registry_username": "me", "registry_password": " pass: wörd\n"}


def login_of(app: Flask, task_id: int = 1) -> Login | None:
    with app.app_context():
        return disclosed.login(tasks.get(task_id))


def test_it_is_kept_as_it_was_given_and_the_password_is_answered_nowhere(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/task/", json={"repository": "a", **LOGIN}, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201
    assert login_of(app) == Login("me", LOGIN["registry_password"])
    for task in (client.get("/task/1/").get_json(), client.get("/task/").get_json()[0], client.patch("/task/1/", json={"description": "x"}).get_json()):
        assert (task["registry_username"], "registry_password" in task) == ("me", False)
    with app.app_context():
        row = tasks.get(1)
        assert (row.registry_password or "").startswith("gAAAA")


def test_most_tasks_have_none(app: Flask, client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a", "registry_username": None, "registry_password": None})
    assert (login_of(app), client.get("/task/1/").get_json()["registry_username"]) == (None, None)


def test_a_change_of_something_else_leaves_it(app: Flask, client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a", **LOGIN})
    client.patch("/task/1/", json={"name": "b", "parameters": {}})
    assert login_of(app) == Login("me", LOGIN["registry_password"])


@pytest.mark.parametrize("gone", [dict.fromkeys(LOGIN), {"registry_username": None}, {"registry_password": None}])
def test_null_takes_it_away(app: Flask, client: FlaskClient, gone: Any) -> None:
    client.post("/task/", json={"repository": "a", **LOGIN})
    assert client.patch("/task/1/", json=gone).get_json()["registry_username"] is None
    assert login_of(app) is None


def test_an_import_stores_it_for_that_one_and_the_next(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    assert client.post(f"/task/{task_id}/", json={"operation": "IMPORT", **LOGIN}).status_code == 200
    assert login_of(app) == Login("me", LOGIN["registry_password"])
    other = {"registry_username": "you", "registry_password": "p"}
    assert client.post(f"/task/{task_id}/", json={"operation": "IMPORT", **other}).status_code == 409
    assert login_of(app) == Login("me", LOGIN["registry_password"]), "refused, so nothing changed"


@pytest.mark.parametrize(
    ("login", "field"),
    [
        ({"registry_username": "me"}, "registry_password"),
        ({"registry_password": "canary"}, "registry_username"),
        ({"registry_username": "me", "registry_password": None}, "registry_password"),
        ({"registry_username": None, "registry_password": "canary"}, "registry_username"),
        ({"registry_username": "", "registry_password": "canary"}, "registry_username"),
        ({"registry_username": "me", "registry_password": ""}, "registry_password"),
        ({"registry_username": "a:b", "registry_password": "canary"}, "registry_username"),
        ({"registry_username": "a\nb", "registry_password": "canary"}, "registry_username"),
        ({"registry_username": "x" * 256, "registry_password": "canary"}, "registry_username"),
        ({"registry_username": "me", "registry_password": "canary\0"}, "registry_password"),
        ({"registry_username": "me", "registry_password": "canary" * 3000}, "registry_password"),
        ({"registry_username": "me", "registry_password": ["canary"]}, "registry_password"),
    ],
)
@pytest.mark.parametrize(("method", "path", "more"), [("POST", "/task/", {"repository": "b"}), ("PATCH", "/task/1/", {}), ("POST", "/task/1/", {"operation": "IMPORT"})])  # fmt: skip
def test_what_does_not_fit_is_refused_by_field_and_changes_nothing(
    app: Flask, client: FlaskClient, method: str, path: str, more: Any, login: Any, field: str
) -> None:
    ready_task(app)
    answer = client.open(path, method=method, json={**more, **login})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]
    assert "canary" not in answer.text
    assert login_of(app) is None
    assert len(client.get("/task/").get_json()) == 1


def test_it_does_not_go_with_a_run(app: Flask, client: FlaskClient) -> None:
    ready_task(app)
    answer = client.post("/task/1/", json=LOGIN)
    assert (answer.status_code, sorted(answer.get_json()["errors"]["json"])) == (422, sorted(LOGIN))
