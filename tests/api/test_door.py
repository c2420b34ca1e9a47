import stat
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

PATHS = [
    "/task/",
    "/task/1/",
    "/result/",
    "/result/1/",
    "/result/1/detail/",
    "/result/1/detail/1/",
    "/result/1/detail/1/log/",
    "/result/1/detail.csv",
    "/result/1/statistics/",
    "/result/1/compare/2/",
    "/task/1/statistics/",
    "/task/1/image/",
    "/retention/",
    "/result/1/detail.ndjson",
    "/engine/",
    "/token/",
    "/token/1/",
    "/ready/",
    "/openapi.json",
    "/",
    "/nowhere",
]


def test_everything_but_health_asks_for_a_token(app: Flask) -> None:
    stranger = app.test_client()
    answers = {}
    for path, method in product(PATHS, ("GET", "POST", "HEAD", "OPTIONS", "PATCH", "DELETE")):
        answer = stranger.open(path, method=method)
        answers[method, path] = (answer.status_code, answer.headers.get("WWW-Authenticate"))
    assert {asked: answer for asked, answer in answers.items() if answer != (401, "Bearer")} == {}


def test_health_asks_for_none(app: Flask) -> None:
    assert app.test_client().get("/health/").json == {"status": "ok"}


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer x", "Basic abc", "Bearer est_00000000_" + "a" * 43])
def test_a_token_that_is_none_of_ours_opens_nothing(app: Flask, text: str) -> None:
    answer = app.test_client().get("/task/", headers={"Authorization": text})
    assert answer.status_code == 401
    assert "admin-token" in answer.get_json()["message"]


def test_the_admin_token_is_for_its_owners_eyes_alone(app: Flask) -> None:
    path = Path(app.instance_path) / "admin-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text().split()) == 1


def test_the_secret_is_not_in_the_database(app: Flask) -> None:
    secret = (Path(app.instance_path) / "admin-token").read_text().strip().split("_", 2)[2]
    for path in Path(app.instance_path).glob("estivador.db*"):
        assert secret.encode() not in path.read_bytes()


def test_the_front_page_names_the_api_document(app: Flask, client: FlaskClient) -> None:
    assert "/openapi.json" in client.get("/").get_data(as_text=True)
    assert "/openapi.json" in app.test_client().get("/").get_data(as_text=True)
