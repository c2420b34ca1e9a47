"""`flask --app wsgi token …`, run in this process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.extensions import db
from app.models import Token


def run(app: Flask, *words: str) -> Result:
    with app.app_context():  # as a process of its own has it
        return app.test_cli_runner().invoke(args=["token", *words])


def status(app: Flask, text: str) -> int:
    return app.test_client().get("/token/", headers={"Authorization": f"Bearer {text}"}).status_code


def test_what_is_printed_is_the_token_and_nothing_else(app: Flask) -> None:
    made = run(app, "create", "ci")
    text = made.stdout.removesuffix("\n")
    assert (made.exit_code, text.count("\n"), text[:4]) == (0, 0, "est_")
    assert "role operator, ends: never" in made.stderr
    assert status(app, text) == 403
    assert app.test_client().get("/task/", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_it_has_the_role_and_the_days_that_are_asked_for(app: Flask) -> None:
    made = run(app, "create", "night shift", "--role", "admin", "--days", "2")
    assert status(app, made.stdout.strip()) == 200
    with app.app_context():
        [row] = db.session.execute(db.select(Token).where(Token.name == "night shift")).scalars()
        assert row.expires_at == pytest.approx(row.created_at + 2 * 24 * 3600)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["admin-token"], "Error: admin-token is the name of the token in the file"),
        ([""], "Error: name: "),
        (["a\nb"], "Error: name: "),
        (["a", "--days", "0"], "Error: days: Must be above 0 and at most 3650 days."),
        (["a", "--days", "nan"], "Error: days: "),
        (["a", "--role", "king"], "'king' is not one of 'viewer', 'operator', 'admin'"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(app: Flask, words: list[str], says: str) -> None:
    refused = run(app, "create", *words)
    assert refused.exit_code != 0
    assert (refused.stdout, says in refused.stderr) == ("", True), refused.stderr
    assert len(run(app, "list").stdout.splitlines()) == 2


def test_the_list_is_a_table_that_shows_no_secret(app: Flask) -> None:
    text = run(app, "create", "a guest", "--role", "viewer", "--days", "1").stdout.strip()
    run(app, "create", "gone", "--days", "1")
    with app.app_context():
        db.session.execute(db.update(Token).where(Token.name == "gone").values(expires_at=1.0))
        db.session.commit()
    heads, *rows = run(app, "list").stdout.splitlines()
    assert heads.split() == ["ID", "ROLE", "CREATED", "LAST", "USED", "ENDS", "NAME"]
    ends, names = heads.index("ENDS"), heads.index("NAME")
    assert [row[names:] for row in rows] == ["admin-token", "a guest", "gone"]
    assert [row[ends:names].split()[-1] for row in rows] == ["never", "UTC", "ended"]
    assert text.split("_", 2)[2] not in "".join(rows)


def test_a_token_that_is_revoked_opens_nothing(app: Flask) -> None:
    text = run(app, "create", "ci", "--role", "admin").stdout.strip()
    assert run(app, "revoke", text.split("_")[1]).exit_code == 0
    assert status(app, text) == 401
    refused = run(app, "revoke", text.split("_")[1])
    assert (refused.exit_code, "There is no token" in refused.stderr) == (1, True)


def test_the_token_of_the_file_can_not_be_revoked(app: Flask) -> None:
    admin = (Path(app.instance_path) / "admin-token").read_text().split("_")[1]
    refused = run(app, "revoke", admin)
    assert (refused.exit_code, "delete the file and start Estivador again" in refused.stderr) == (1, True)


def test_a_shell_gets_a_token_that_opens_the_door(app: Flask) -> None:
    environment = {**os.environ, "ESTIVADOR_INSTANCE": app.instance_path}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "token", "create", "ci", "--role", "admin"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert status(app, done.stdout.removesuffix("\n")) == 200
