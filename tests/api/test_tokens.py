import sqlite3
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import extensions
from app.errors import WrongState
from app.extensions import db
from app.models import Session, Token
from app.roles import Role
from app.services import tokens
from tests.pages.person import Person


def enters(app: Flask, text: str) -> bool:
    with app.app_context():  # as a request of its own has it
        return app.test_client().get("/task/", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_a_token_opens_the_door_until_it_is_revoked(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/token/", json={"name": "ci"})
    made = answer.get_json()
    assert (answer.status_code, made["name"], made["role"], made["used_at"]) == (201, "ci", "operator", None)
    assert enters(app, made["token"])
    assert client.delete(f"/token/{made['token_id']}/").status_code == 204
    assert not enters(app, made["token"])
    assert client.delete(f"/token/{made['token_id']}/").status_code == 404


def test_the_list_shows_no_secret(client: FlaskClient) -> None:
    client.post("/token/", json={"name": "ci"})
    rows = client.get("/token/").get_json()
    assert [row["name"] for row in rows] == ["admin-token", "ci"]
    assert {key for row in rows for key in row} == {"token_id", "name", "role", "created_at", "used_at", "expires_at"}


def test_the_same_key_makes_one_token_and_its_secret_is_kept_nowhere(app: Flask, client: FlaskClient) -> None:
    first, again = (client.post("/token/", json={"name": "ci"}, headers={"Idempotency-Key": "k"}).get_json() for _ in range(2))
    assert (again["token_id"], again["token"]) == (first["token_id"], None)
    assert len(client.get("/token/").get_json()) == 2
    for path in Path(app.instance_path).glob("estivador.db*"):
        assert first["token"].split("_", 2)[2].encode() not in path.read_bytes()


def test_the_token_of_the_file_stays(client: FlaskClient) -> None:
    admin = client.get("/token/").get_json()[0]
    answer = client.delete(f"/token/{admin['token_id']}/")
    assert (answer.status_code, "delete the file" in answer.get_json()["message"]) == (409, True)
    assert client.post("/token/", json={"name": "admin-token"}).status_code == 409


def test_the_last_token_of_an_admin_stays(app: Flask) -> None:
    with app.app_context():
        token, _ = tokens.create("ci", Role.ADMIN)
        helper, _ = tokens.create("helper")
        over, _ = tokens.create("over", Role.ADMIN, 1)
        db.session.execute(db.delete(Token).where(Token.name == tokens.ADMIN_NAME))
        db.session.execute(db.update(Token).where(Token.id == over.id).values(expires_at=1.0))
        db.session.commit()
        with pytest.raises(WrongState, match="last token with the role admin"):
            tokens.revoke(token.id)
        tokens.revoke(helper.id)
        tokens.revoke(over.id)
        assert [row.name for row in tokens.listing()] == ["ci"]


@pytest.mark.parametrize("role", [*Role])
def test_a_token_has_the_role_it_is_given(client: FlaskClient, role: Role) -> None:
    made = client.post("/token/", json={"name": "ci", "role": role}).get_json()
    assert (made["role"], made["expires_at"]) == (role, None)


def test_a_token_opens_nothing_once_its_time_is_over(app: Flask, client: FlaskClient) -> None:
    made = client.post("/token/", json={"name": "guest", "role": "viewer", "days": 0.5}).get_json()
    assert made["expires_at"] == pytest.approx(made["created_at"] + 12 * 3600)
    person = Person(app, made["token"])
    person.sign_in()
    assert (enters(app, made["token"]), person.get("/ui/").status_code) == (True, 200)
    with app.app_context():
        db.session.execute(db.update(Token).where(Token.id == made["token_id"]).values(expires_at=time.time() - 0.001))
        db.session.commit()
    assert (enters(app, made["token"]), person.get("/ui/").status_code) == (False, 401)
    again = Person(app, made["token"])
    again.get("/ui/login/")
    assert again.post("/ui/login/", token=made["token"]).status_code == 401
    with app.app_context():
        assert client.get("/token/").get_json()[1]["expires_at"] < time.time()


def test_sessions_go_with_their_token(app: Flask) -> None:
    with app.app_context():
        token, _ = tokens.create("ci")
        db.session.add(Session(digest="0" * 64, token_id=token.id, created_at=1.0, ends_at=2.0))
        db.session.commit()
        tokens.revoke(token.id)
        assert db.session.execute(db.select(Session)).first() is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 65},
        {"name": "a\nb"},
        {"name": "a", "role": "king"},
        {"name": "a", "role": None},
        *({"name": "a", "days": days} for days in (0, -1, 3651, "3", True, float("inf"))),
    ],
)
def test_a_token_that_does_not_fit_is_refused(client: FlaskClient, body: object) -> None:
    assert client.post("/token/", json=body).status_code == 422


def test_its_use_is_noted_once_a_minute(app: Flask) -> None:
    with app.app_context():
        token, text = tokens.create("ci")
        token_id = token.id
    uses = []
    for older_by in (0.0, 0.0, 61.0):
        with app.app_context():
            db.session.execute(db.update(Token).where(Token.id == token_id).values(used_at=Token.used_at - older_by))
            db.session.commit()
            tokens.authenticate(text)
            db.session.rollback()
            uses.append(db.session.execute(db.select(Token.used_at).where(Token.id == token_id)).scalar_one())
    assert uses[0] == uses[1] < uses[2]
    assert abs(uses[2] - time.time()) < 30


def test_a_busy_record_keeps_nobody_waiting_at_the_door(app: Flask, client: FlaskClient) -> None:
    text = client.post("/token/", json={"name": "ci"}).get_json()["token"]
    other = sqlite3.connect(Path(app.instance_path) / "estivador.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with patch.object(extensions, "BUSY_TIMEOUT", 3600.0), app.app_context():  # who waits at all waits for longer than a test may take
            db.engine.dispose()
            assert enters(app, text)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert client.post("/task/", json={"repository": "a"}).status_code == 201, "who writes waits as before"
