"""Who acts, that a change and its row are one, and that no secret goes there."""

import logging
import os
import pwd
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import select

from app.actions import Action, Kind, Via
from app.extensions import db, limiter
from app.models import Task, Token, note, write
from app.roles import Role
from app.services import audit, audit_export, keys, listing, removal, results, sessions, stopping, tasks, tokens
from app.services.registry_login import Login
from app.states import Wish
from tests.support.audited import last_id, rows_of
from tests.support.kept import ended
from tests.support.stepping import ready_task, submitted

USER = pwd.getpwuid(os.getuid()).pw_name


def test_estivador_itself_acts_where_nobody_asked(app: Flask) -> None:
    ready_task(app)
    row = rows_of(app)[-1]
    assert (row.name, row.via, row.token_id, row.role, row.address) == ("estivador", "consumer", None, None, None)


def test_the_token_of_the_file_has_a_row_of_its_making(app: Flask) -> None:
    first = rows_of(app)[0]
    assert (first.action, first.object_id) == ("token.create", (Path(app.instance_path) / "admin-token").read_text().split("_")[1])


def test_the_token_that_it_replaces_has_a_row_of_its_end(app: Flask) -> None:
    path = Path(app.instance_path) / "admin-token"
    old = path.read_text().split("_")[1]
    before = last_id(app)
    path.unlink()
    with app.app_context():
        for _ in range(2):
            tokens.ensure_admin(Path(app.instance_path))
    found = [(row.action, row.kind, row.object_id, row.about) for row in rows_of(app, before)]
    assert found == [
        ("token.revoke", "token", old, "admin-token, replaced by the one in the file"),
        ("token.create", "token", path.read_text().split("_")[1], "admin-token, admin, that of the file"),
    ]


def test_the_user_of_a_command_line_acts_there(app: Flask) -> None:
    before = last_id(app)
    with app.app_context():
        assert app.test_cli_runner().invoke(args=["rotate-key"]).exit_code == 0
    environment = {**os.environ, "ESTIVADOR_INSTANCE": app.instance_path, "USER": "mallory", "LOGNAME": "mallory"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "token", "create", "ci", "--role", "viewer", "--days", "2"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    found = [(row.action, row.name, row.via, row.role, row.about) for row in rows_of(app, before)]
    assert found == [("key.rotate", USER, "cli", None, ""), ("token.create", USER, "cli", None, "ci, viewer, 2 days")]


def test_a_user_without_a_name_has_a_number(app: Flask) -> None:
    with app.app_context(), patch("pwd.getpwuid", side_effect=KeyError):
        app.test_cli_runner().invoke(args=["rotate-key"])
    assert rows_of(app)[-1].name == f"uid {os.getuid()}"


def test_a_change_that_is_rolled_back_has_no_row(app: Flask) -> None:
    before = last_id(app)
    with app.app_context():
        session = db.session()
        with write():
            tasks.register("tool")
            session.rollback()
        with patch("app.services.tasks.ring", side_effect=RuntimeError), pytest.raises(RuntimeError):
            tasks.register("tool")
        assert db.session.execute(select(Task)).first() is None
    assert rows_of(app, before) == []


def test_a_row_that_can_not_be_written_keeps_the_change_from_being_made(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context(), patch("app.services.results.note", side_effect=RuntimeError):
        with pytest.raises(RuntimeError):
            results.submit(task_id, 5)
        assert results.listing(1, 20).total == 0


def test_what_a_user_writes_is_cut(app: Flask) -> None:
    before = last_id(app)
    with app.app_context():
        tasks.register("tool", "n" * 255)
        audit.arrive(Via.API, "2001:db8:1111:2222:3333:4444:5555:6666")
        audit.refuse(Action.TOKEN_REVOKE, Kind.TOKEN, "t" * 1000, 404)
    made, refused = rows_of(app, before)
    assert (len(made.about), len(refused.object_id), len(refused.address)) == (255, 32, 38)


def test_an_address_is_kept_as_one_and_nothing_else_is(app: Flask) -> None:
    before = last_id(app)
    with app.app_context():
        for text in ("192.0.2.1:4711", "[::1]:80", "<b>", "192.0.2.1, 192.0.2.2", None):
            audit.arrive(Via.API, text)
            audit.refuse(Action.TASK_DELETE, Kind.TASK, 7, 404)
    assert [row.address for row in rows_of(app, before)] == ["192.0.2.1", "::1", None, None, None]


def test_no_secret_is_in_the_audit(app: Flask) -> None:
    with app.app_context():
        defaults = {"env": {"PLAIN": "canary-env"}, "secret_env": {"PIN": "canary-secret"}, "command": ["canary-command"]}
        task = tasks.register("tool", parameters=defaults, login=Login("canary-user", "canary-password"))
        tasks.update(task.id, description="canary-description", parameters=defaults, login=Login("canary-user", "canary-password"))
        _, text = tokens.create("ci")
        secret = sessions.open_with(text)
        sessions.close(secret)
        keys.rotate()
    told = repr(rows_of(app))
    assert "ci, operator" in told
    assert "parameters, login of tool" in told
    assert [word for word in ("canary", text.split("_", 2)[2], secret) if word in told] == []


def test_many_that_are_stopped_are_a_row_each_in_the_transaction_of_its_part(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "MOST_RESULTS", 1)
    for task_id in (1, 2, 3):
        submitted(app, task_id)
    before = last_id(app)
    withdraw = stopping.withdraw_waiting_of

    def dies_at_the_second(result_ids: list[int], *more: Any) -> None:
        if 2 in result_ids:
            raise RuntimeError
        withdraw(result_ids, *more)

    with app.app_context():
        with patch("app.services.stopping.withdraw_waiting_of", dies_at_the_second), pytest.raises(RuntimeError):
            stopping.stop_selected(Wish.KILL, expect=3)
        assert stopping.stop_selected(Wish.CANCEL, expect=2) == 2
        assert stopping.stop_selected(Wish.CANCEL) == 0
    assert [(row.action, row.kind, row.object_id, row.about) for row in rows_of(app, before)] == [
        ("result.kill", "result", "1", "of task 1, selected by a filter"),
        ("result.cancel", "result", "2", "of task 2, selected by a filter"),
        ("result.cancel", "result", "3", "of task 3, selected by a filter"),
    ]


def test_many_that_are_deleted_are_a_row_each_and_all_or_none(app: Flask) -> None:
    with app.app_context():
        ids = [ended(ready_task(app, name), 1, times) for name, times in (("a", 1), ("b", 2), ("c", 3))]
        removal.delete_result(results.get(ids[0]))
        before = last_id(app)
        with patch("app.jobs.removal.mark", side_effect=RuntimeError), pytest.raises(RuntimeError):
            removal.delete_selected(expect=2)
        assert rows_of(app, before) == []
        assert removal.delete_selected(expect=2) == 2
        assert removal.delete_selected(expect=0) == 0
    assert [(row.action, row.kind, row.object_id, row.about, row.name, row.via, row.outcome, row.status) for row in rows_of(app, before)] == [
        ("result.delete", "result", "2", "of task 2, times 2, selected by a filter", "estivador", "consumer", "done", None),
        ("result.delete", "result", "3", "of task 3, times 3, selected by a filter", "estivador", "consumer", "done", None),
    ]
    assert rows_of(app)[-1].at >= rows_of(app)[0].at


def test_a_token_that_is_refused_without_end_fills_no_disk(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    before, most = last_id(app), audit.REFUSALS.amount
    with app.app_context(), caplog.at_level(logging.WARNING):
        anna, bert = (tokens.create(name, Role.VIEWER)[0] for name in ("anna", "bert"))
        ids = [anna.id, bert.id]

        def refuse(token: Token, status: int = 403) -> None:
            audit.arrive(Via.API, None)
            audit.recognise(token)
            audit.refuse(Action.TASK_DELETE, Kind.TASK, 7, status)

        for number in range(most + 20):
            refuse(anna, 500 if number % 2 else 403)
        refuse(bert)
        tasks.register("tool")
        told = [record.getMessage() for record in caplog.records]
        assert told == [f"token {ids[0]} is refused more than {most} requests a minute: what is above that is not in the audit"]
        expirations = limiter.storage.expirations  # type: ignore[attr-defined]
        expirations.update({key: at - 61 for key, at in expirations.items()})
        refuse(anna)
    rows = [row for row in rows_of(app, before) if row.action != "token.create"]
    assert [row.token_id for row in rows] == [ids[0]] * most + [ids[1]] * 2 + [ids[0]]
    assert rows[-2].outcome == "done"


def test_a_busy_record_keeps_no_refusal_waiting_and_the_log_has_it(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with app.app_context(), closing(sqlite3.connect(Path(app.instance_path) / "estivador.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        audit.arrive(Via.API, "10.0.0.1")
        with caplog.at_level(logging.WARNING), patch.object(audit, "PATIENCE", 0.0):
            audit.refuse(Action.TASK_DELETE, Kind.TASK, 7, 409)
        other.execute("ROLLBACK")
    assert "task.delete" in caplog.text
    assert "10.0.0.1" in caplog.text


def test_an_export_ends_with_the_row_that_was_the_newest_when_it_began(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BATCH", 2)
    with app.app_context():
        for _ in range(4):
            note(Action.UNKNOWN)
        lines = audit_export.as_ndjson()
        assert next(lines).count("\n") == 2
        note(Action.UNKNOWN)
        assert [piece.count("\n") for piece in lines] == [2, 1]
