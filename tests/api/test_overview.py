import time

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import literal, select

from app.extensions import db
from app.models import Consumer, Detail, Result, move, write
from app.services import results
from app.services.overview import FAILURES, overview
from tests.support.effort import effort
from tests.support.stepping import details_of, ready_task, submitted


def fail(detail: Detail) -> None:
    """Carry an execution to its end, ERROR."""
    for name, values in (("claim", {}), ("create", {}), ("send_start", {}), ("start", {"start": 5.0}), ("exit", {"end": 7.0, "exit_code": 3})):
        assert move(detail, name, **values)
    assert move(detail, "fail", reason="exit", message="Ended with exit code 3.") and move(detail, "remove")


def test_an_empty_instance_says_what_is_in_the_way(app: Flask) -> None:
    with app.app_context():
        seen = overview()
    assert (seen.running, seen.queued, seen.errors, seen.slots, seen.slots_held, seen.executions_waiting, seen.tasks) == (0, 0, 0, 4, 0, 0, 0)
    assert (list(seen.active), list(seen.recent), list(seen.failures)) == ([], [], [])
    assert [part for part, _ in seen.troubles] == ["consumer"]


def test_it_counts_what_the_lists_count(app: Flask, client: FlaskClient) -> None:
    waits, works, failed, old = submitted(app, 3), submitted(app, 2), submitted(app, 1), submitted(app, 4)
    with app.app_context():
        db.session.add(Consumer(id="a", host="here", pid=7, started_at=1.0, seen_at=time.time()))
        db.session.commit()
        first, second = details_of(works)
        assert move(first, "claim") and move(first, "create") and move(first, "send_start") and move(first, "start", start=5.0)
        assert move(second, "claim")
        for detail in (*details_of(failed), *details_of(old)):
            fail(detail)
        db.session.execute(db.update(Result).where(Result.id == old).values(submitted_at=1.0))
        db.session.commit()
        seen = overview()
    assert (seen.running, seen.queued, seen.errors, seen.slots_held, seen.executions_waiting, seen.tasks, seen.troubles) == (1, 1, 1, 2, 3, 4, [])
    assert [(row.id, row.task_name) for row in seen.active] == [(works, "tool2"), (waits, "tool3")]
    assert [row.id for row in seen.recent] == [old, failed]
    assert [(row.result_id, row.position) for row in seen.failures] == [(old, 0), (old, 1), (old, 2), (old, 3), (failed, 0)]
    last = seen.failures[-1]
    assert (last.task_name, last.reason, last.message, last.exit_code, last.end) == ("tool1", "exit", "Ended with exit code 3.", 3, 7.0)
    query = {"status": "ERROR", "from": seen.errors_since}
    assert [row["result_id"] for row in client.get("/result/", query_string=query).get_json()] == [failed]


def test_its_lists_are_short(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        for _ in range(12):
            results.submit(task_id)
        for detail in db.session.execute(select(Detail).where(Detail.result_id > 2)).scalars().all():
            fail(detail)
        seen = overview()
        assert [len(rows) for rows in (seen.active, seen.recent, seen.failures)] == [2, 10, 8]
        assert [row.result_id for row in seen.failures] == list(range(12, 4, -1))


def test_what_waits_and_what_failed_is_not_walked_through_however_much_it_is(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        ended, _ = results.submit(task_id, 50_000), results.submit(task_id, 50_000)
        with write() as session:
            session.execute(db.update(Detail).where(Detail.result_id == ended.id).values(status="ERROR", phase="REMOVED", end=1.0))
            session.execute(db.update(Result).where(Result.id == ended.id).values(status="ERROR", error=50_000, queued=0))
            columns = [column for column in Result.__table__.columns if column.name != "id"]
            series = select(literal(0).label("n")).cte("series", recursive=True)
            series = series.union_all(select(series.c.n + 1).where(series.c.n < 5_000))
            done = select(*(literal("COMPLETE") if c.name == "status" else literal(0) if c.name == "error" else c for c in columns))
            session.execute(db.insert(Result).from_select([c.name for c in columns], done.join(series, literal(True)).where(Result.id == ended.id)))
        work = effort(overview)
        seen = overview()
    assert (seen.executions_waiting, len(seen.failures)) == (50_000, FAILURES)
    assert work < 50_000, "less than an instruction for each execution that waits"
