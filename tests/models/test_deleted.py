import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import WITH_DELETED, Detail, Result, Task, write
from tests.support.stepping import submitted

ROOT = Path(__file__).resolve().parents[2] / "app"
OTHER = aliased(Result)
QUERIES: dict[str, Select[Any]] = {
    "rows": select(Result),
    "columns": select(*Result.columns()),
    "a count": select(Result.id).where(select(func.count()).select_from(Result).scalar_subquery() > 0),
    "another name": select(OTHER.id),
    "a join": select(Detail.id).join(Result, Result.id == Detail.result_id),
    "a subquery": select(Detail.id).where(Detail.result_id.in_(select(Result.id))),
    "a derived table": select(func.count()).select_from(select(Result.id).subquery()).having(func.count() > 0),
    "something that exists": select(Detail.id).where(select(Result.id).where(Result.id == Detail.result_id).exists()),
    "tasks": select(Task.name),
    "a task of a result": select(Result.id, Task.name).join(Task, Task.id == Result.task_id),
}


@pytest.fixture
def deleted(app: Flask) -> Flask:
    """A task and its result stand deleted; no job has removed them yet."""
    submitted(app, 1)
    with app.app_context(), write() as session:
        for model in (Result, Task):
            session.execute(update(model).values(deleted_at=1.0))
    return app


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_finds_what_stands_deleted(deleted: Flask, name: str) -> None:
    with deleted.app_context():
        assert db.session.execute(QUERIES[name]).all() == []


def test_an_id_finds_nothing_either(deleted: Flask) -> None:
    with deleted.app_context():
        assert (db.session.get(Result, 1), db.session.get(Task, 1)) == (None, None)


def test_who_means_the_deleted_finds_them(deleted: Flask) -> None:
    with deleted.app_context():
        assert db.session.execute(select(Result.id).execution_options(**WITH_DELETED)).scalars().all() == [1]


def test_no_query_goes_past_the_models() -> None:
    past = re.compile(r"\b(Result|Task)\.__table__")
    assert [str(path) for path in ROOT.rglob("*.py") if past.search(path.read_text())] == []
