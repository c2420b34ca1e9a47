"""Stopping many: in parts, between which others write, and as if it had been done at once."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text, update

from app.extensions import db
from app.models import Attempt, Detail, Result, move, write, write_aside
from app.services import idempotency, results, stopping
from app.states import Status, Wish
from tests.support.audited import last_id, rows_of
from tests.support.stepping import details_of, ready_task, submitted

KEY = {"Idempotency-Key": "once"}
CANCEL = {"operation": "CANCEL", "expect": 5}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "MOST_RESULTS", 2)
    monkeypatch.setattr(stopping, "MOST_EXECUTIONS", 4)
    monkeypatch.setattr(idempotency, "PAUSE", 0.0)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What is done once a part is committed, each between two of them."""
    actions: list[Callable[[], object]] = []
    commit = idempotency.commit_part

    def commit_and_act(pause: float) -> None:
        commit(pause)
        db.session.rollback()
        assert_counted()
        if actions:
            actions.pop(0)()
        db.session.rollback()
        db.session.connection(execution_options={"writes": True})

    monkeypatch.setattr(idempotency, "commit_part", commit_and_act)
    return actions


def assert_counted() -> None:
    for result in db.session.execute(select(Result)).scalars().all():
        assert Counter({Status(word): number for word, number in result.counts.items() if number}) == Counter(row.status for row in details_of(result.id))


def dies() -> None:
    raise RuntimeError


def tried_once(result_id: int, positions: range) -> None:
    """Let these wait for their second attempt."""
    ids = [row.id for row in details_of(result_id)[positions.start : positions.stop]]
    with write() as session:
        session.execute(update(Detail).where(Detail.id.in_(ids)).values(attempt=2, not_before=1e10))
        session.execute(insert(Attempt), [{"detail_id": each, "number": 1, "reason": "exit", "message": "Failed.", "end": 5.0 + each} for each in ids])
        session.execute(update(Result).where(Result.id == result_id).values(start=1.0, status=Status.RUNNING))


def twice(result_id: int) -> list[Any]:
    """Return the executions whose last attempt has a row of its own, too."""
    which = select(Detail.id).join(Attempt, Attempt.detail_id == Detail.id).where(Detail.result_id == result_id, Attempt.number == Detail.attempt)
    return list(db.session.execute(which).scalars())


def standing(result_id: int) -> list[tuple[Any, ...]]:
    return [(row.status, row.phase, row.attempt, row.reason, row.message, row.end, row.not_before) for row in details_of(result_id)]


@pytest.mark.parametrize("wish", Wish)
def test_what_is_cancelled_in_parts_stands_as_if_it_were_done_at_once(app: Flask, between: list[Any], monkeypatch: pytest.MonkeyPatch, wish: Wish) -> None:
    task_id = ready_task(app)
    found = []
    with app.app_context():
        for most in (4, 100):
            monkeypatch.setattr(stopping, "MOST_EXECUTIONS", most)
            result_id = results.submit(task_id, 17, {"max_failures": 1}).id
            tried_once(result_id, range(3, 13))
            between[:] = [lambda result_id=result_id: found.append(twice(result_id))] * 9  # type: ignore[misc]
            revision, before = results.get(result_id).revision, last_id(app)
            stopping.stop(result_id, wish)
            assert db.session.execute(select(Attempt)).first() is None
            result = results.get(result_id)
            assert (result.status, result.error, result.cancelled, result.revision > revision) == ("ERROR", 10, 7, True)
            assert result.end == max(row.end for row in details_of(result_id) if row.end)
            assert [row.object_id for row in rows_of(app, before)] == [str(result_id)]
            history = "SELECT move, count(*) FROM history WHERE kind = 'detail' AND object_id IN (SELECT id FROM detail WHERE result_id = :id) GROUP BY move"
            assert db.session.execute(text(history), {"id": result_id}).all() == [("forgo", 10), ("withdraw", 7)]
    assert len(found) >= 4, "it was in parts"
    assert not any(found), "an attempt that is the last one has no row beside its execution"
    with app.app_context():
        one, two = ([row[:5] for row in standing(result_id)] for result_id in (1, 2))
    assert one == two


def test_others_write_between_two_parts(app: Flask, between: list[Any]) -> None:
    result_id = submitted(app, 9)
    with app.app_context():
        between.append(lambda: write_aside(update(Result).values(logs_size=7)))
        stopping.stop(result_id, Wish.CANCEL)
        assert (results.get(result_id).logs_size, results.get(result_id).cancelled, between) == (7, 9, [])


@pytest.mark.parametrize(("wish", "started", "wished"), [(Wish.CANCEL, False, "CANCEL"), (Wish.CANCEL, True, None), (Wish.KILL, True, "KILL")])
def test_what_is_claimed_between_two_parts_is_told_too(app: Flask, between: list[Any], wish: Wish, started: bool, wished: str | None) -> None:
    result_id = submitted(app, 9)

    def claim() -> None:
        with app.app_context():
            last = details_of(result_id)[-1]
            for name in ("claim", "create", "send_start", "start")[: 4 if started else 1]:
                assert move(last, name)

    with app.app_context():
        between.append(claim)
        stopping.stop(result_id, wish)
        assert [row.status for row in details_of(result_id)[:-1]] == ["CANCELLED"] * 8
        assert details_of(result_id)[-1].wish == wished
        assert_counted()


def five_results(app: Flask) -> int:
    """Five results, the third of which takes parts of its own; return the last row of the audit."""
    task_id = ready_task(app)
    with app.app_context():
        for times in (1, 2, 9, 1, 3):
            results.submit(task_id, times)
    return last_id(app)


@pytest.mark.parametrize("deaths", range(1, 4))
def test_a_request_with_a_key_that_died_in_the_middle_goes_on_when_it_is_sent_again(app: Flask, client: FlaskClient, between: list[Any], deaths: int) -> None:
    before = five_results(app)
    between[:] = [*[lambda: None] * (deaths - 1), dies]
    assert client.post("/result/", json=CANCEL, headers=KEY).status_code == 500
    assert {row["status"] for row in client.get("/result/").get_json()} == {"CANCELLED", "QUEUED"}
    with app.app_context():
        later = results.submit(1, 1).id
    assert client.post("/result/", json=CANCEL | {"expect": 4}, headers=KEY).status_code == 422, "that is another request"
    for _ in range(2):
        answer = client.post("/result/", json=CANCEL, headers=KEY)
        assert (answer.status_code, answer.json) == (200, {"count": 5})
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert client.get(f"/result/{later}/").get_json()["status"] == "QUEUED", "it was not among those that were meant"
    assert [row.object_id for row in rows_of(app, before) if row.action == "result.cancel" and row.outcome == "done"] == ["1", "2", "3", "4", "5"]


def test_the_same_request_that_comes_in_the_middle_does_it_and_both_have_one_answer(app: Flask, client: FlaskClient, between: list[Any]) -> None:
    before = five_results(app)
    answers: list[Any] = []
    between.append(lambda: answers.append(other_process(app, client, CANCEL)))
    answers.append(client.post("/result/", json=CANCEL, headers=KEY).json)
    assert answers == [{"count": 5}] * 2
    assert [row.object_id for row in rows_of(app, before) if row.action == "result.cancel"] == ["1", "2", "3", "4", "5"]


def other_process(app: Flask, client: FlaskClient, body: dict[str, Any]) -> Any:
    """Send the same in a thread of its own, with a session of its own."""
    found: list[Any] = []

    def post() -> None:
        browser = app.test_client()
        browser.environ_base.update(client.environ_base)
        found.append(browser.post("/result/", json=body, headers=KEY).json)

    thread = threading.Thread(target=post)
    thread.start()
    thread.join()
    return found[0]


def test_a_large_result_that_was_stopped_in_part_goes_on_with_its_key(app: Flask, client: FlaskClient, between: list[Any]) -> None:
    result_id = submitted(app, 12)
    before = last_id(app)
    between.append(dies)
    assert client.post(f"/result/{result_id}/", json={"operation": "KILL"}, headers=KEY).status_code == 500
    assert client.get(f"/result/{result_id}/").get_json()["status"] == "QUEUED"
    answer = client.post(f"/result/{result_id}/", json={"operation": "KILL"}, headers=KEY)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "CANCELLED")
    assert [(row.object_id, row.outcome) for row in rows_of(app, before) if row.action == "result.kill"] == [(str(result_id), "done")]
