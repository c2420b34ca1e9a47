import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Detail, History, Result, move, withdraw_waiting
from app.states import IllegalMove, Phase, Reason, Status
from tests.support.stepping import details_of, submitted

PATH = ["claim", "create", "send_start", "start", "exit", "complete", "remove"]


def walk(detail: Detail, *names: str) -> None:
    for name in names:
        assert move(detail, name, **({"start": 5.0} if name == "start" else {"end": 7.5, "exit_code": 0} if name == "exit" else {}))


def test_each_move_leaves_a_history_row_and_raises_the_revision(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        walk(details_of(result_id)[0], *PATH)
        rows = db.session.execute(select(History.move).where(History.kind == "detail").order_by(History.id)).scalars().all()
        assert rows == PATH
        assert db.session.get_one(Result, result_id).revision == 1 + len(PATH)


def test_the_result_follows_its_executions(app: Flask) -> None:
    result_id = submitted(app, 2)
    with app.app_context():
        first, second = details_of(result_id)
        walk(first, *PATH)
        result = db.session.get_one(Result, result_id)
        assert (result.status, result.start, result.end, result.complete, result.queued) == ("RUNNING", 5.0, None, 1, 1)
        walk(second, *PATH[:5])
        assert move(second, "fail", reason=Reason.EXIT)
        result = db.session.get_one(Result, result_id)
        assert (result.status, result.end, result.counts[Status.ERROR]) == ("ERROR", 7.5, 1)


def test_who_comes_second_changes_nothing(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        mine = details_of(result_id)[0]
        assert mine.phase == Phase.WAITING
        with app.app_context():
            assert move(details_of(result_id)[0], "claim")
        assert not move(mine, "claim")
        assert mine.phase == Phase.CLAIMED
        assert len(db.session.execute(select(History).where(History.move == "claim")).all()) == 1


def test_an_illegal_move_is_a_defect(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context(), pytest.raises(IllegalMove):
        move(details_of(result_id)[0], "complete")


def test_withdrawing_takes_all_that_wait_and_no_other(app: Flask) -> None:
    result_id = submitted(app, 5)
    with app.app_context():
        walk(details_of(result_id)[0], "claim")
        assert withdraw_waiting(result_id, Reason.CANCELLED, "Cancelled.") == 4
        result = db.session.get_one(Result, result_id)
        assert (result.status, result.queued, result.cancelled) == ("QUEUED", 1, 4)
