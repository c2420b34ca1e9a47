"""Whose turn it is, stepped by the moves alone: no Engine is asked."""

import time

from flask import Flask

from app.extensions import db
from app.jobs import scheduling
from app.jobs.consumer import LOCAL_ENGINE
from app.models import Detail, Engine, Result, move, retry
from app.services import results
from app.states import Reason
from tests.support.stepping import details_of, ready_task


def submit(task_id: int, times: int, **parameters: object) -> int:
    return results.submit(task_id, times, dict(parameters)).id


def claim_all() -> list[tuple[int, int]]:
    """Claim until no slot is free or nobody may start; return result and index of each, in order."""
    claimed = []
    while (detail_id := scheduling.claim(LOCAL_ENGINE)) is not None:
        detail = db.session.get_one(Detail, detail_id)
        claimed.append((detail.result_id, detail.position))
    return claimed


def end(result_id: int) -> None:
    """Let the execution of a result that was claimed first come to its end."""
    detail = next(row for row in details_of(result_id) if row.phase == "CLAIMED")
    for name in ("create", "send_start", "start", "exit", "complete", "remove"):
        assert move(detail, name)


def set_slots(number: int) -> None:
    db.session.get_one(Engine, LOCAL_ENGINE).slots = number
    db.session.commit()


def test_a_result_of_ten_thousand_leaves_room_for_one_of_three_that_came_after_it(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        large, small = submit(task_id, 10_000), submit(task_id, 3)
        assert claim_all() == [(large, 0), (small, 0), (large, 1), (small, 1)]
        end(large)
        # They hold 1 and 2: the next is the large one's, although the small one waits too.
        assert claim_all() == [(large, 2)]


def test_who_comes_last_has_a_turn_before_anybody_has_two(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        set_slots(2)
        first, second, third = submit(task_id, 100), submit(task_id, 100), submit(task_id, 1)
        assert claim_all() == [(first, 0), (second, 0)]
        end(first)
        assert claim_all() == [(third, 0)]
        end(second)
        assert claim_all() == [(first, 1)]


def test_a_higher_priority_goes_first_whenever_it_came(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        set_slots(3)
        low, plain, high = submit(task_id, 5, priority=-5), submit(task_id, 5), submit(task_id, 2, priority=7)
        assert claim_all() == [(high, 0), (high, 1), (plain, 0)]
        assert low not in {result_id for result_id, _ in claim_all()}


def test_no_more_of_a_result_run_at_once_than_its_parallel(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        limited = submit(task_id, 10, parallel=2)
        assert claim_all() == [(limited, 0), (limited, 1)]
        assert not scheduling.has_waiting(LOCAL_ENGINE)
        other = submit(task_id, 10)
        assert claim_all() == [(other, 0), (other, 1)]
        end(limited)
        assert claim_all() == [(limited, 2)]


def test_what_waits_for_a_retry_holds_no_slot_and_comes_first_once_it_is_due(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        set_slots(1)
        result_id = submit(task_id, 3)
        assert claim_all() == [(result_id, 0)]
        assert retry(details_of(result_id)[0], time.time() + 500, reason=Reason.LOST, message="Gone.")
        assert claim_all() == [(result_id, 1)]
        waiting = details_of(result_id)[0]
        waiting.not_before = time.time() - 1
        db.session.commit()
        end(result_id)
        assert claim_all() == [(result_id, 0)]
        assert details_of(result_id)[0].attempt == 2


def test_a_clock_that_was_set_back_keeps_no_retry_waiting_for_a_day(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result_id = submit(task_id, 1)
        assert claim_all() == [(result_id, 0)]
        assert retry(details_of(result_id)[0], time.time() + 24 * 3600, reason=Reason.LOST, message="Gone.")
        assert claim_all() == [(result_id, 0)]


def test_a_turn_costs_the_same_however_many_wait_for_a_retry(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result_id = submit(task_id, 2)
        query = str(db.session.execute(db.text("SELECT sql FROM sqlite_master WHERE name = 'detail_waiting'")).scalar_one())
        assert "not_before" in query
        plan = db.session.execute(
            db.text(
                "EXPLAIN QUERY PLAN SELECT id FROM detail WHERE engine_id = 1 AND phase = 'WAITING' AND not_before <= 5.0 AND result_id = :id"
                " ORDER BY not_before, position LIMIT 1"
            ),
            {"id": result_id},
        ).all()
        assert [row.detail for row in plan] == ["SEARCH detail USING INDEX detail_waiting (engine_id=? AND result_id=? AND not_before<?)"]


def test_an_answer_of_a_result_keeps_its_etag_while_it_only_has_its_turn_noted(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result_id = submit(task_id, 2)
        before = db.session.get_one(Result, result_id).revision
        claim_all()
        result = db.session.get_one(Result, result_id)
        # Each claim is a move, and nothing else raises it.
        assert (result.revision, result.served) == (before + 2, 2)
