"""What the moves leave of an attempt that failed and was followed, or not, by another."""

import time

from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Attempt, Detail, History, Result, abandon, move, retry, withdraw_waiting
from app.services import results
from app.states import Reason
from tests.support.stepping import details_of, ready_task, submitted


def carry_to_exit(detail: Detail, code: int = 3) -> None:
    for name in ("claim", "create", "send_start"):
        assert move(detail, name, **({"container_id": "c" * 64} if name == "create" else {}))
    assert move(detail, "start", start=5.0)
    assert move(detail, "exit", end=7.5, exit_code=code)


def failed_once(result_id: int, index: int = 0) -> Detail:
    """Carry an execution to the wait for its second attempt."""
    detail = details_of(result_id)[index]
    carry_to_exit(detail)
    assert retry(detail, time.time() + 60, reason=Reason.EXIT, message="Ended with exit code 3.", log_truncated=True)
    return detail


def test_a_retry_keeps_the_attempt_that_failed_and_begins_anew(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        detail = failed_once(result_id)
        kept = db.session.get_one(Attempt, (detail.id, 1))
        assert (kept.exit_code, kept.start, kept.end, kept.reason, kept.container_id, kept.log_truncated) == (3, 5.0, 7.5, "exit", "c" * 64, True)
        assert (detail.attempt, detail.status, detail.phase) == (2, "QUEUED", "WAITING")
        assert (detail.exit_code, detail.start, detail.end, detail.reason, detail.container_id) == (None, None, None, None, None)
        result = db.session.get_one(Result, result_id)
        assert (result.status, result.queued, result.start, result.end) == ("RUNNING", 1, 5.0, None)
        assert db.session.execute(select(History.reason).where(History.move == "retry")).scalar_one() == "exit"


def test_who_comes_second_keeps_no_attempt(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        mine = details_of(result_id)[0]
        assert mine.phase == "WAITING"
        assert move(mine, "claim")
        assert mine.phase == "CLAIMED"
        with app.app_context():
            assert move(details_of(result_id)[0], "fail", reason=Reason.LOST)
        assert not retry(mine, 0.0, reason=Reason.LOST)
        assert db.session.execute(select(Attempt)).first() is None


def test_cancelling_what_waits_for_a_retry_leaves_how_its_last_attempt_ended(app: Flask) -> None:
    result_id = submitted(app, 3)
    with app.app_context():
        failed_once(result_id, 0)
        assert withdraw_waiting(result_id, Reason.CANCELLED, "Cancelled before it started.") == 3
        tried, *never = details_of(result_id)
        assert (tried.status, tried.phase, tried.reason, tried.exit_code, tried.attempt, tried.end) == ("ERROR", "REMOVED", "exit", 3, 1, 7.5)
        assert tried.message == "Ended with exit code 3. It was not tried again: Cancelled before it started."
        assert {(row.status, row.reason) for row in never} == {("CANCELLED", "cancelled")}
        assert db.session.execute(select(Attempt)).first() is None
        result = db.session.get_one(Result, result_id)
        assert (result.status, result.queued, result.error, result.cancelled, result.end) == ("ERROR", 0, 1, 2, 7.5)


def test_a_second_attempt_that_is_called_off_on_its_way_leaves_the_first(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        detail = failed_once(result_id)
        assert move(detail, "claim")
        assert move(detail, "create", container_id="d" * 64)
        assert abandon(detail, "Cancelled before it started.")
        assert (detail.status, detail.phase, detail.attempt, detail.exit_code, detail.container_id) == ("ERROR", "RECORDED", 1, 3, "c" * 64)
        assert db.session.execute(select(Attempt)).first() is None


def test_one_failure_too_many_cancels_what_has_not_started(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result_id = results.submit(task_id, 6, {"max_failures": 2}).id
        failed_once(result_id, 5)
        rows = details_of(result_id)
        assert move(rows[3], "claim")
        for row in rows[:2]:
            carry_to_exit(row)
            assert move(row, "fail", reason=Reason.EXIT)
        states = [(row.status, row.reason, row.wish) for row in details_of(result_id)]
        assert states == [
            ("ERROR", "exit", None), ("ERROR", "exit", None), ("CANCELLED", "max_failures", None),
            ("QUEUED", None, "CANCEL"), ("CANCELLED", "max_failures", None), ("ERROR", "exit", None),
        ]  # fmt: skip
        assert "2 of this result had failed" in str(details_of(result_id)[2].message)
        assert db.session.get_one(Result, result_id).counts == {"QUEUED": 1, "RUNNING": 0, "COMPLETE": 0, "ERROR": 3, "CANCELLED": 2, "KILLED": 0}


def test_a_retry_that_is_called_off_counts_as_a_failure_of_the_result(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result_id = results.submit(task_id, 3, {"max_failures": 1}).id
        tried = failed_once(result_id)
        assert withdraw_waiting(result_id, Reason.CANCELLED, "Cancelled before it started.", tried.id) == 1
        assert [(row.status, row.reason) for row in details_of(result_id)] == [("ERROR", "exit"), ("CANCELLED", "max_failures"), ("CANCELLED", "max_failures")]
