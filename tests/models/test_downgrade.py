"""Going back to an older release: what stands deleted does not come back."""

import flask_migrate
from flask import Flask
from sqlalchemy import text, update

from app.extensions import db
from app.models import Result, Task, move, retry, write
from app.services.setup import MIGRATIONS
from app.states import Reason
from tests.support.stepping import details_of, submitted


def rows(query: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def tried_once(result_id: int) -> None:
    """Give a result an attempt that was followed, and a label."""
    detail = details_of(result_id)[0]
    for name in ("claim", "create", "send_start", "start", "exit"):
        assert move(detail, name, **({"start": 5.0} if name == "start" else {}))
    assert retry(detail, 0.0, reason=Reason.EXIT)
    with write() as session:
        session.execute(text("INSERT INTO result_label VALUES (:id, 'a', 'b')"), {"id": result_id})
        session.execute(text("INSERT INTO image VALUES (:id, 'sha256:x', true, 1.0, NULL)"), {"id": result_id})


def test_what_stands_deleted_goes_and_the_rest_stays(app: Flask) -> None:
    of_result, of_task, kept = (submitted(app, times) for times in (1, 2, 3))
    with app.app_context():
        for result_id in (of_result, of_task, kept):
            tried_once(result_id)
        with write() as session:
            session.execute(update(Result).where(Result.id == of_result).values(deleted_at=1.0))
            session.execute(update(Task).where(Task.id == 2).values(deleted_at=1.0))
        db.session.remove()
        flask_migrate.downgrade(MIGRATIONS, revision="0003")
        assert rows("SELECT id FROM task ORDER BY id") == [(1,), (3,)]
        assert rows("SELECT id FROM result") == rows("SELECT DISTINCT result_id FROM detail") == rows("SELECT result_id FROM result_label") == [(kept,)]
        assert rows("SELECT detail_id FROM attempt") == rows("SELECT min(id) FROM detail")
        assert rows("SELECT DISTINCT task_id FROM image ORDER BY task_id") == [(1,), (3,)]
        assert rows("SELECT DISTINCT object_id FROM history WHERE kind = 'task' ORDER BY object_id") == [(1,), (3,)]
        assert rows("SELECT DISTINCT object_id FROM history WHERE kind = 'result'") == [(kept,)]
        assert rows("SELECT count(*) FROM history WHERE kind = 'detail' AND object_id NOT IN (SELECT id FROM detail)") == [(0,)]
        assert rows("PRAGMA foreign_key_check") == []
        flask_migrate.upgrade(MIGRATIONS)
