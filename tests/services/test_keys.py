"""Keys are begun once, changed while everything goes on, and a loss of them loses nothing else."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.config import Settings
from app.errors import SecretsClosed, WrongState
from app.extensions import db
from app.jobs import context
from app.jobs.locks import holding
from app.models import Result, Task
from app.services import health, keys, results
from app.services.registry_login import Login, keep
from app.services.setup import prepare
from app.vault import Vault
from tests.support.stepping import ready_task, task_of


def stored(app: Flask, times: int = 3) -> None:
    """A task with two default secrets and a login, and results that have them."""
    task_id = ready_task(app)
    with app.app_context():
        task_of(task_id).secret_env = {name: context.vault().encrypt(f"value of {name}") for name in ("A", "B")}
        keep(task_of(task_id), Login("me", "password"))
        db.session.commit()
        for _ in range(times):
            results.submit(task_id)
        ready_task(app, "plain")


def tokens() -> list[str]:
    """Every token in the record."""
    db.session.rollback()
    of_tasks = db.session.execute(select(Task.secret_env, Task.registry_password)).all()
    found = [token for sealed, password in of_tasks for token in (*sealed.values(), password) if token]
    return found + [token for sealed in db.session.execute(select(Result.secret_env)).scalars() for token in sealed.values()]


def values() -> list[str]:
    return sorted({context.vault().decrypt(token) for token in tokens()})


def key_file(app: Flask) -> Path:
    return Path(app.instance_path) / "secret-keys"


ALL = ["password", "value of A", "value of B"]


def test_the_first_start_begins_the_file_and_the_next_leave_it(app: Flask, settings: Settings) -> None:
    before = key_file(app).read_text()
    assert key_file(app).stat().st_mode & 0o777 == 0o600
    with app.app_context():
        prepare(settings)
    assert key_file(app).read_text() == before


def test_a_file_that_is_lost_before_anything_was_secret_is_begun_again(app: Flask, settings: Settings) -> None:
    key_file(app).unlink()
    with app.app_context():
        prepare(settings)
        assert context.vault().trouble() is None


def test_a_file_that_is_missing_is_not_made_anew_over_what_it_encrypted(app: Flask, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    stored(app)
    kept = key_file(app).read_text()
    key_file(app).unlink()
    with app.app_context():
        prepare(settings)
        assert not key_file(app).exists()
        assert "put it back from the backup" in caplog.text
        assert "put it back" in health.noted()["keys"]
        assert "put it back" in health.check()["keys"]
        with pytest.raises(SecretsClosed):
            keys.rotate()
        assert not key_file(app).exists()
        key_file(app).write_text(kept)
        assert (values(), health.noted()["keys"]) == (ALL, "ok")


def test_everything_is_encrypted_with_a_new_key_and_the_old_one_goes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    stored(app, 5)
    with app.app_context():
        old, before = key_file(app).read_text(), set(tokens())
        done = keys.rotate()
        assert (done.renewed, done.unopened) == (2 + 1 + 5 * 2, 0)
        assert (len(key_file(app).read_text().splitlines()), old in key_file(app).read_text()) == (1, False)
        assert not before & set(tokens())
        assert values() == ALL


def test_a_rotation_that_died_midway_is_done_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    stored(app, 5)
    with app.app_context():
        renew, seen = Vault.renew, []

        def die_at_the_sixth(vault: Vault, token: str) -> str:
            seen.append(token)
            if len(seen) == 6:
                raise KeyboardInterrupt
            return renew(vault, token)

        with monkeypatch.context() as patch:
            patch.setattr(Vault, "renew", die_at_the_sixth)
            with pytest.raises(KeyboardInterrupt):
                keys.rotate()
        assert len(key_file(app).read_text().splitlines()) == 2
        assert values() == ALL
        keys.rotate()
        assert len(key_file(app).read_text().splitlines()) == 1
        assert values() == ALL


def test_what_is_stored_meanwhile_is_readable_afterwards(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "BATCH", 3)
    stored(app, 10)
    codes: set[int] = set()
    rotated = threading.Event()

    def submit() -> None:
        browser = app.test_client()
        browser.environ_base.update(client.environ_base)
        while not rotated.is_set():
            codes.add(browser.post("/task/1/", json={"secret_env": {"C": "value of C"}}).status_code)
            codes.add(browser.post("/result/1/", json={"operation": "RERUN"}).status_code)
            codes.add(browser.patch("/task/1/", json={"parameters": {"secret_env": {"A": None, "B": "value of B"}}}).status_code)

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    with app.app_context():
        for _ in range(2):
            keys.rotate()
        rotated.set()
        for thread in threads:
            thread.join()
        assert codes <= {200, 201}
        assert values() == [*ALL, "value of C"]


def test_one_is_at_it_at_a_time(app: Flask) -> None:
    with app.app_context(), holding("rotate-key"), pytest.raises(WrongState, match="Another rotate-key"):
        keys.rotate()


def test_keys_that_are_gone_for_good_are_begun_anew_and_nothing_is_thrown_away(app: Flask, client: FlaskClient) -> None:
    stored(app, 2)
    lost = key_file(app).read_text()
    key_file(app).unlink()
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["rotate-key"])
    assert (refused.exit_code, "rotate-key --lost" in refused.output) == (1, True)
    done = runner.invoke(args=["rotate-key", "--lost"])
    assert (done.exit_code, "No key decrypts 7 more" in done.output) == (0, True)
    assert client.post("/task/1/").status_code == 503
    assert client.patch("/task/1/", json={"parameters": {"secret_env": {"A": "anew"}}}).status_code == 200
    assert client.post("/task/1/").status_code == 201
    with key_file(app).open("a") as file:
        file.write(lost)
    with app.app_context():
        assert values() == ["anew", *ALL]
    assert "Encrypted with it: 7" in runner.invoke(args=["rotate-key"]).output
    with app.app_context():
        assert values() == ["anew", *ALL]
