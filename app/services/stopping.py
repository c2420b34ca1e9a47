"""Stopping: CANCEL or KILL of an execution, of a result, or of all results that a filter selects; of many in parts, between which others may write."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, String, cast, func, literal, select, true, update

from app.actions import Action, Kind
from app.errors import WrongState
from app.extensions import db
from app.jobs import executions
from app.jobs.doorbell import ring
from app.models import HOLDS_SLOT, Detail, Engine, Result, Task, note, note_each, withdraw_next, withdraw_waiting, withdraw_waiting_of, write
from app.services.idempotency import begun, part
from app.services.removal import BY_FILTER, touch
from app.services.result_filters import conditions
from app.services.results import get
from app.states import LIVE, Reason, Status, Wish

MOST_RESULTS = 100
MOST_EXECUTIONS = 10_000
"""What is stopped in one transaction: so many results, and so many executions that wait. Some tenths of a second."""

OF_RESULT = {Wish.CANCEL: Action.RESULT_CANCEL, Wish.KILL: Action.RESULT_KILL}
OF_EXECUTION = {Wish.CANCEL: Action.EXECUTION_CANCEL, Wish.KILL: Action.EXECUTION_KILL}
_MESSAGE = "Cancelled before it started."


class _Course(NamedTuple):
    """How far a stop has come: the ids that are left, by size; how many results it has stopped; which one of them it has stopped in part."""

    left: list[int]
    stopped: int = 0
    within: int | None = None


def stop(result_id: int, wish: Wish, detail_id: int | None = None) -> Result:
    """CANCEL or KILL a result, or one execution of it: the wish is written first, then acted on.

    What waits becomes CANCELLED at once, a large number of it in parts. Of what is on its way, CANCEL ends what has not started, KILL also
    stops what runs. Raises WrongState where all of it has ended, or where CANCEL finds everything running.
    """
    with write():
        if detail_id is not None:
            _stop_execution(get(result_id), wish, detail_id)
        else:
            done = begun()
            if done is None:
                get(result_id)
                _refuse(wish, [Detail.result_id == result_id], f"result {result_id}")
            _go(wish, _Course([result_id]) if done is None else _Course(*done))
        return get(result_id)


def stop_selected(wish: Wish, *, expect: int | None = None, **filters: Any) -> int:
    """CANCEL or KILL every live result that listing()'s `filters` select; return how many it was.

    Raises WrongState, and stops nothing, where they are not `expect` (None: whatever they are). They are stopped in parts, each a transaction
    of its own, and one that ends meanwhile is left out.
    """
    with write() as session:  # begun as a write, so that what it reads is what there is now
        done = begun()
        if done is not None:
            return _go(wish, _Course(*done), BY_FILTER)
        ids = session.execute(_selected(wish, filters)).scalars().all()
        if expect is not None and expect != len(ids):
            raise WrongState(f"The filters select {len(ids)} live results now, not {expect}: look again, and send {len(ids)} as `expect` if you mean them.")
        return _go(wish, _Course(list(ids)), BY_FILTER)


def count_selected(wish: Wish, **filters: Any) -> int:
    """Return how many results stop_selected() would stop now."""
    return db.session.execute(select(func.count()).select_from(_selected(wish, filters).order_by(None).subquery())).scalar_one()


def _selected(wish: Wish, filters: dict[str, Any]) -> Select[Any]:
    """Select the ids of the results that the filters let through and that have something to cancel or to kill, oldest first."""
    return select(Result.id).join(Task, Task.id == Result.task_id).where(*_stoppable(wish), *conditions(**filters)).order_by(Result.id)


def _stoppable(wish: Wish) -> tuple[ColumnElement[bool], ...]:
    return (Result.status.in_(LIVE), Result.queued > 0 if wish == Wish.CANCEL else true())


def _go(wish: Wish, course: _Course, about: str = "") -> int:
    """Stop what is left of a course, part by part; return how many results it was. `about` goes on with what the audit says of each."""
    while True:
        course = _step(wish, course, about)
        if not course.left:
            return course.stopped
        course = _Course(*part(course))


def _step(wish: Wish, course: _Course, about: str) -> _Course:
    """Stop as much as one transaction may: several results, or a part of one."""
    near = course.left[:MOST_RESULTS]
    rows = db.session.execute(select(Result.id, Result.queued).where(Result.id.in_(near), *_stoppable(wish)).order_by(Result.id)).all()
    ids = _few_enough(rows)
    rest = [row.id for row in rows[len(ids) :]] + course.left[MOST_RESULTS:]
    if not ids:
        return _Course(rest, course.stopped)
    new = [each for each in ids if each != course.within]
    text = literal("of task ") + cast(Result.task_id, String) + about
    note_each(OF_RESULT[wish], Kind.RESULT, Result.id, text, Result.id.in_(new))
    _wish(wish, ids)
    db.session.execute(update(Result).where(Result.id.in_(ids)).values(revision=Result.revision + 1).execution_options(synchronize_session=False))
    stopped = course.stopped + len(new)
    if len(ids) > 1 or rows[0].queued <= MOST_EXECUTIONS:
        withdraw_waiting_of(ids, Reason.CANCELLED, _MESSAGE)
    elif withdraw_next(ids[0], MOST_EXECUTIONS, Reason.CANCELLED, _MESSAGE):
        return _Course([*ids, *rest], stopped, ids[0])
    return _Course(rest, stopped)


def _few_enough(rows: Sequence[Row[int, int]]) -> list[int]:
    """Return the ids of the first rows, at least of one, that have no more that waits than one transaction may end."""
    ids: list[int] = []
    number = 0
    for row in rows:
        number += row.queued
        if ids and number > MOST_EXECUTIONS:
            break
        ids.append(row.id)
    return ids


def _wish(wish: Wish, result_ids: Collection[int], detail_id: int | None = None) -> None:
    """Write the wish for what holds a slot of these results (or for that one), as far as it has a meaning there, and ring for it."""
    # By engine, so that the index of what holds a slot serves: there is little of that, and a result may have 100,000 executions.
    held = select(Detail.id, Detail.result_id, Detail.status, Detail.wish).where(Detail.engine_id.in_(select(Engine.id)), HOLDS_SLOT)
    found = [row for row in db.session.execute(held) if row.result_id in result_ids and detail_id in (None, row.id)]
    reached = [row.id for row in found if wish == Wish.KILL or (row.status == Status.QUEUED and row.wish is None)]
    db.session.execute(update(Detail).where(Detail.id.in_(reached)).values(wish=wish).execution_options(synchronize_session=False))
    for row in found:
        if row.wish is not None or row.id in reached:
            ring(executions.advance, row.id)


def _stop_execution(result: Result, wish: Wish, detail_id: int) -> None:
    _refuse(wish, [Detail.id == detail_id], f"execution {detail_id}")
    withdraw_waiting(result.id, Reason.CANCELLED, _MESSAGE, detail_id)
    _wish(wish, [result.id], detail_id)
    touch(result.id)
    note(OF_EXECUTION[wish], Kind.EXECUTION, detail_id, f"of result {result.id}")


def _refuse(wish: Wish, which: list[ColumnElement[bool]], what: str) -> None:
    """Raise WrongState where there is nothing to stop."""
    live = set(db.session.execute(select(Detail.status).where(*which, Detail.status.in_(LIVE)).distinct()).scalars())
    if not live:
        raise WrongState(f"{what.capitalize()} has ended: there is nothing left to {wish.lower()}.")
    if wish == Wish.CANCEL and Status.QUEUED not in live:
        raise WrongState(f"{what.capitalize()} has nothing left that waits: CANCEL ends only what has not started. KILL stops what runs.")
