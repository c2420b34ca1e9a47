"""The audit is append-only: no way leads from the record's own interface to a row that is changed or gone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.actions import Action
from app.extensions import db
from app.models import Audit, note, write
from app.services import removal
from app.services.setup import MIGRATIONS
from tests.support.kept import ended, tidy
from tests.support.stepping import ready_task, run_jobs, task_of


def rows() -> list[tuple[object, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(select(*Audit.columns()).order_by(Audit.id))]


@pytest.mark.parametrize("change", [update(Audit).values(name="nobody"), update(Audit).values(at=0.0).where(Audit.id == 1), delete(Audit)], ids=str)
def test_no_row_is_changed_or_removed(app: Flask, change: object) -> None:
    with app.app_context():
        before = rows()
        with pytest.raises(IntegrityError, match="append-only"), write() as session:
            session.execute(change)  # type: ignore[call-overload]
        assert rows() == before != []


def test_a_row_is_not_replaced_either(app: Flask) -> None:
    with app.app_context():
        before = rows()
        with pytest.raises(IntegrityError, match="append-only"), write() as session:
            session.execute(insert(Audit).prefix_with("OR REPLACE").values(id=1, at=0.0, name="", via="api", action="x", about="", outcome="done"))
        with write():
            note(Action.UNKNOWN)
        assert rows()[: len(before)] == before
        assert len(rows()) == len(before) + 1


def test_nor_by_a_program_that_knows_nothing_of_us(app: Flask) -> None:
    with closing(sqlite3.connect(Path(app.instance_path) / "estivador.db")) as record:
        for change in ("DELETE FROM audit", "UPDATE audit SET name = ''", "REPLACE INTO audit SELECT * FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                record.execute(change)


def test_no_row_has_the_id_that_one_without_an_id_has_in_a_trigger(app: Flask) -> None:
    with app.app_context():
        for number in (-1, 0):
            with pytest.raises(IntegrityError, match="CHECK"), write() as session:
                session.execute(insert(Audit).values(id=number, at=0.0, name="", via="api", action="x", about="", outcome="done"))
        before = len(rows())
        with write():
            note(Action.UNKNOWN)
        assert len(rows()) == before + 1


def test_the_triggers_are_there_whatever_migrations_came_since(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").scalars()
        assert {*found} == {"audit_no_update", "audit_no_delete", "audit_no_replace"}


def test_neither_deleting_nor_housekeeping_takes_a_row_along(app: Flask) -> None:
    with app.app_context():
        task_id = ready_task(app)
        ended(task_id, 1)
        removal.delete_task(task_of(task_id))
        before = rows()
        run_jobs()
        tidy()
        assert rows() == before
        assert {row[7] for row in before} >= {"task.register", "task.delete"}


def test_an_older_release_has_no_audit_and_the_next_one_begins_anew(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        flask_migrate.downgrade(MIGRATIONS, revision="0004")
        with db.engine.connect() as connection:
            left = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'audit%' OR name LIKE 'audit%'").all()
            columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(token)")}
        assert (left, "expires_at" in columns) == ([], False)
        flask_migrate.upgrade(MIGRATIONS)
        assert rows() == []
