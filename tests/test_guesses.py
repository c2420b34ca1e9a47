"""How often somebody may guess a token, by the API and the sign-in form."""

from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import front
from app.extensions import db, limiter
from app.front import asker
from app.models import Audit, Session
from app.services.sessions import SIGN_INS
from tests.pages.person import Person
from tests.support.estivador import Estivador

NONE_OF_OURS = "est_00000000_" + "a" * 43
MOST = 10


def guess(app: Flask, text: str = NONE_OF_OURS, address: str = "127.0.0.1", path: str = "/task/") -> int:
    answer = app.test_client().get(path, headers={"Authorization": f"Bearer {text}"}, environ_overrides={"REMOTE_ADDR": address})
    return answer.status_code


def test_an_address_that_guesses_is_told_to_wait(app: Flask) -> None:
    texts = (NONE_OF_OURS, "x", "est_", "x" * 3000, "\u00e9")
    assert [guess(app, texts[number % 5], path=("/task/", "/nowhere", "/task", "/openapi.json")[number % 4]) for number in range(MOST)] == [401] * MOST
    answer = app.test_client().post("/task/", headers={"Authorization": f"Bearer {NONE_OF_OURS}"})
    assert (answer.status_code, answer.mimetype) == (429, "application/json")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert f"wait {answer.headers['Retry-After']} seconds" in answer.get_json()["message"]
    assert guess(app, address="127.0.0.2") == 401, "another address"


def a_minute_later() -> None:
    """Let what is counted be a minute older."""
    expirations = limiter.storage.expirations  # type: ignore[attr-defined]
    expirations.update({key: at - 61 for key, at in expirations.items()})


def test_it_may_go_on_when_the_time_is_over(app: Flask) -> None:
    assert [guess(app) for _ in range(MOST + 1)] == [401] * MOST + [429]
    a_minute_later()
    assert guess(app) == 401


def test_an_hour_has_a_limit_of_its_own(app: Flask) -> None:
    for _ in range(5):
        assert [guess(app) for _ in range(MOST)] == [401] * MOST
        a_minute_later()
    answer = app.test_client().get("/task/", headers={"Authorization": f"Bearer {NONE_OF_OURS}"})
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600 - 5 * 61


def test_a_valid_token_is_taken_whatever_others_at_its_address_do(app: Flask, client: FlaskClient) -> None:
    assert [guess(app) for _ in range(MOST + 1)][-1] == 429
    for _ in range(3 * MOST):
        assert client.get("/task/").status_code == 200
    Person(app).sign_in()


def test_what_is_no_guess_is_not_counted(app: Flask, client: FlaskClient) -> None:
    stranger = app.test_client()
    for _ in range(3 * MOST):
        assert client.get("/task/").status_code == 200
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Basic YTpi"}):
            assert stranger.get("/task/", headers=headers).status_code == 401
        assert guess(app, path="/health/") == guess(app, path="/ui/login/") == 200, "nobody looks at it there"
        assert guess(app, path="/ui/") == 401, "the pages take no token"
    assert guess(app) == 401


def test_the_sign_in_form_counts_too_and_together_with_the_api(app: Flask) -> None:
    stranger = Person(app)
    stranger.get("/ui/login/")
    texts = (NONE_OF_OURS, "", "x", " ")
    for number in range(MOST // 2):
        answer = stranger.post("/ui/login/", token=texts[number % 4])
        assert answer.status_code == 401
        assert "no valid token" in answer.text
        assert guess(app) == 401
    answer = stranger.post("/ui/login/", token=NONE_OF_OURS)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "Too many attempts" in answer.text
    assert "no valid token" not in answer.text
    assert guess(app) == 429
    stranger.sign_in()
    for _ in range(2 * MOST):
        Person(app).sign_in()


def test_a_form_without_its_csrf_token_is_no_guess(app: Flask) -> None:
    stranger = Person(app)
    for _ in range(2 * MOST):
        assert stranger.request("POST", "/ui/login/", data={"token": "x"}).status_code == 403
    assert guess(app) == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:5001", "192.0.2.7"),
        ("unknown", "nowhere"),
        ("", "nowhere"),
    ],
)
def test_somebody_counts_by_what_they_have_to_themselves(app: Flask, address: str, counted: str) -> None:
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
        assert asker() == counted


def test_one_who_has_a_64_of_addresses_is_one(app: Flask) -> None:
    assert [guess(app, address=f"2001:db8::{number:x}:1") for number in range(MOST + 1)][-1] == 429
    assert guess(app, address="2001:db8:0:1::1") == 401


def test_each_guess_on_the_wire_counts_whatever_it_says_of_where_it_comes_from(tmp_path: Path) -> None:
    place = Estivador(tmp_path / "instance", GUNICORN_CMD_ARGS="--workers 1")
    try:
        place.start_web()
        answers = [
            requests.get(
                place.url("/task/"),
                headers={"Authorization": "Bearer x", "X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"},
                timeout=20,
            )
            for number in range(MOST + 1)
        ]
        assert [answer.status_code for answer in answers] == [401] * MOST + [429]
        assert answers[-1].json()["code"] == 429
        assert place.get("/task/") == []
        assert "<title>" in place.page("/ui/"), "the pages too"
    finally:
        place.close()


def test_the_limits_are_those_that_the_manual_names() -> None:
    assert [(limit.amount, limit.get_expiry()) for limit in front.GUESSES] == [(10, 60), (50, 3600)]


def test_a_token_that_signs_in_without_end_is_told_to_wait_and_fills_nothing(app: Flask, client: FlaskClient) -> None:
    most = SIGN_INS[0].amount
    text = client.post("/token/", json={"name": "ci", "role": "viewer"}).get_json()["token"]
    for _ in range(most):
        Person(app, text).sign_in()
    before = rows(app, Audit)
    late = Person(app, text)
    late.get("/ui/login/")
    answer = late.post("/ui/login/", token=text)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert late.get("/ui/").status_code == 401
    assert (rows(app, Session), rows(app, Audit)) == (most, before)
    Person(app).sign_in()


def rows(app: Flask, table: type[db.Model]) -> int:
    with app.app_context():
        return int(db.session.execute(select(func.count()).select_from(table)).scalar_one())
