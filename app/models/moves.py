"""move(): the only writer of a status.

Each change is one compare-and-set, with its history row and the result's counts in the same transaction.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from app.extensions import db
from app.models.attempt import Attempt
from app.models.detail import HOLDS_SLOT, Detail, Standing
from app.models.history import History
from app.models.result import Result
from app.models.task import Task
from app.models.transaction import write
from app.states import LIVE, WAITING, Reason, Status, TaskStatus, Wish, after, result_status, task_after

OF_ATTEMPT = tuple(column.name for column in Attempt.__table__.columns if column.name not in ("detail_id", "number"))
"""The columns that tell of one attempt: of an earlier one in its own row, of the current one in the execution's."""
OF_STOP = ("stop_cause", "stop_sent_at", "stop_reached")


def move(detail: Detail, name: str, *, seen: Standing | None = None, noted: str | None = None, **values: Any) -> bool:
    """Make the move `name` on `detail` if it still stands where the caller saw it; set `values` with it.

    `seen` is for who has opened a transaction since, in which `detail` is read anew; the history tells the reason `noted` (default:
    the one among the values). One failure more than the result may have cancels what of it has not started. Returns False where
    somebody else was first: then nothing was written. Either way `detail` is fresh when next read. Raises IllegalMove where the table
    does not allow the move from the state the caller saw.
    """
    state, attempt = seen or detail.standing
    status, phase = after(name, state)
    with write() as session:
        change = (
            update(Detail)
            .where(Detail.id == detail.id, Detail.status == state[0], Detail.phase == state[1], Detail.attempt == attempt)
            .values(status=status, phase=phase, **values)
            .execution_options(synchronize_session=False)
        )
        moved: bool = session.execute(change).rowcount == 1  # type: ignore[attr-defined]
        session.expire(detail)
        if moved:
            _note(session, "detail", detail.id, name, "/".join(state), f"{status}/{phase}", attempt, noted or values.get("reason"))
            (result,) = _count(session, {detail.result_id: {(state[0], status): 1}}, values.get("start"))
            if status == Status.ERROR and result.has_failed_enough:
                _cancel_rest(session, result)
    return moved


def retry(detail: Detail, not_before: float, *, seen: Standing | None = None, **values: Any) -> bool:
    """Keep the attempt that failed in a row of its own, with `values`, and let the execution wait for the next until `not_before` (epoch seconds).

    Returns False, like move(), where somebody else was first.
    """
    ended = {name: getattr(detail, name) for name in OF_ATTEMPT} | values
    seen = seen or detail.standing
    cleared = dict.fromkeys((*OF_ATTEMPT, *OF_STOP))
    with write() as session:
        moved = move(detail, "retry", seen=seen, noted=values.get("reason"), attempt=seen.attempt + 1, not_before=not_before, **cleared)
        if moved:
            session.execute(insert(Attempt).values(detail_id=detail.id, number=seen.attempt, **ended))
    return moved


NOT_AGAIN = " It was not tried again: {}"
"""What is added to the message of the last attempt where the next was called off."""


def abandon(detail: Detail, why: str) -> bool:
    """Call a next attempt off that has not started: how the last one ended stands. Returns False where somebody else was first."""
    seen = detail.standing
    with write() as session:
        last = session.get(Attempt, (detail.id, seen.attempt - 1))
        if last is None:
            return False
        ended = {name: getattr(last, name) for name in OF_ATTEMPT}
        ended["message"] = f"{ended['message'] or ''}{NOT_AGAIN.format(why)}"[:1024]
        moved = move(detail, "abandon", seen=seen, attempt=last.number, **ended)
        if moved:
            session.delete(last)
    return moved


def withdraw_waiting(result_id: int, reason: Reason, message: str, detail_id: int | None = None) -> int:
    """End every waiting execution of a result (or that one), and return how many it was.

    What never ran becomes CANCELLED with `reason` and `message`. What waits for a next attempt ends as its last one did.
    """
    which = [Detail.result_id == result_id] if detail_id is None else [Detail.result_id == result_id, Detail.id == detail_id]
    with write() as session:
        return _withdraw(session, which, reason, message)


def withdraw_waiting_of(result_ids: Collection[int], reason: Reason, message: str) -> int:
    """Do what withdraw_waiting() does for many results at once."""
    with write() as session:
        return _withdraw(session, [Detail.result_id.in_(result_ids)], reason, message)


def withdraw_next(result_id: int, most: int, reason: Reason, message: str) -> bool:
    """Do what withdraw_waiting() does for the first `most` of a result's waiting executions; say whether more may wait.

    What was never tried comes first, and one failure too many ends none of the others here: they are to be withdrawn all the same, in their turn.
    """
    with write() as session:
        for end, attempts in ((Status.CANCELLED, Detail.attempt == 1), (Status.ERROR, Detail.attempt > 1)):
            of_result = Detail.result_id == result_id
            positions = select(Detail.position).where(*_waiting([of_result, attempts])).order_by(Detail.position)
            first = session.execute(positions.limit(1)).scalar()
            if first is not None:
                last = session.execute(positions.offset(most - 1).limit(1)).scalar()
                upto = Detail.position >= first if last is None else Detail.position.between(first, last)
                _withdraw(session, [of_result, upto], reason, message, ends=(end,), follow=False)
                return True
    return False


def _waiting(which: list[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    return [*which, Detail.status == WAITING[0], Detail.phase == WAITING[1]]


def _withdraw(
    session: Session,
    which: list[ColumnElement[bool]],
    reason: Reason,
    message: str,
    *,
    ends: Collection[Status] = (Status.CANCELLED, Status.ERROR),
    follow: bool = True,
) -> int:
    """End what waits of that which `which` selects, whatever results it belongs to; one failure too many cancels the rest unless `follow` is False.

    `which` must select the same before and after. `ends` are the statuses that it may end in: CANCELLED is what never ran, ERROR what did.
    """
    never = [*_waiting(which), Detail.attempt == 1]
    tried = [*_waiting(which), Detail.attempt > 1, Attempt.detail_id == Detail.id, Attempt.number == Detail.attempt - 1]
    changes: dict[int, dict[tuple[Status, Status], int]] = defaultdict(dict)
    for status, those in ((Status.CANCELLED, never), (Status.ERROR, tried)):
        if status not in ends:
            continue
        for result_id, number in session.execute(select(Detail.result_id, db.func.count()).where(*those).group_by(Detail.result_id)):
            changes[result_id][WAITING[0], status] = number
    if any((WAITING[0], Status.CANCELLED) in change for change in changes.values()):
        _end_waiting(session, never, "withdraw", reason, {"message": message})
    failed = [result_id for result_id, change in changes.items() if (WAITING[0], Status.ERROR) in change]
    if failed:
        _forgo(session, which, tried, message)
    session.expire_all()
    for result in _count(session, changes):
        if follow and result.id in failed and result.has_failed_enough:
            _cancel_rest(session, result)
    return sum(sum(change.values()) for change in changes.values())


def _forgo(session: Session, which: list[ColumnElement[bool]], tried: list[ColumnElement[bool]], why: str) -> None:
    """Give each of these what its last attempt left, whose row then goes."""
    ended: dict[str, Any] = {name: Attempt.__table__.c[name] for name in OF_ATTEMPT}
    ended["message"] = db.func.substr(db.func.coalesce(Attempt.message, "").concat(NOT_AGAIN.format(why)), 1, 1024)
    _end_waiting(session, tried, "forgo", None, {**ended, "attempt": Detail.attempt - 1, "not_before": None})
    taken = select(Detail.id).where(*which, Detail.status == Status.ERROR).scalar_subquery()
    current = select(Detail.attempt).where(Detail.id == Attempt.detail_id).scalar_subquery()
    gone = delete(Attempt).where(Attempt.detail_id.in_(taken), Attempt.number == current)
    session.execute(gone.execution_options(synchronize_session=False))


def _end_waiting(session: Session, which: list[ColumnElement[bool]], name: str, reason: Reason | None, values: dict[str, Any]) -> None:
    """Make the move `name` on all of these at once, with a history row for each."""
    status, phase = after(name, WAITING)
    row = {
        "kind": literal("detail"), "object_id": Detail.id, "at": literal(time.time()), "move": literal(name), "from_state": literal("/".join(WAITING)),
        "to_state": literal(f"{status}/{phase}"), "attempt": Detail.attempt, "reason": literal(None if reason is None else str(reason)),
    }  # fmt: skip
    session.execute(insert(History).from_select([*row], select(*row.values()).where(*which)))
    changed = {**values, "status": status, "phase": phase, **({} if reason is None else {"reason": reason})}
    session.execute(update(Detail).where(*which).values(**changed).execution_options(synchronize_session=False))


def _cancel_rest(session: Session, result: Result) -> None:
    """Cancel of a result what has not started: what waits at once, what is on its way to its start by the wish for it."""
    withdraw_waiting(result.id, Reason.MAX_FAILURES, result.failed_enough)
    starting = [Detail.result_id == result.id, HOLDS_SLOT, Detail.status == Status.QUEUED, Detail.wish.is_(None)]
    session.execute(update(Detail).where(*starting).values(wish=Wish.CANCEL).execution_options(synchronize_session=False))


def move_task(task: Task, name: str, **values: Any) -> bool:
    """Make the move `name` on `task` if it still stands where the caller saw it; False where somebody else was first."""
    seen = TaskStatus(task.status)
    status = task_after(name, seen)
    with write() as session:
        change = update(Task).where(Task.id == task.id, Task.status == seen).values(status=status, **values)
        moved: bool = session.execute(change.execution_options(synchronize_session=False)).rowcount == 1  # type: ignore[attr-defined]
        session.expire(task)
        if moved:
            _note(session, "task", task.id, name, seen, status, None, values.get("reason"))
    return moved


def _note(session: Session, kind: str, object_id: int, name: str, before: str, now: str, attempt: int | None, reason: str | None) -> None:
    row = {"kind": kind, "object_id": object_id, "at": time.time(), "move": name}
    session.execute(insert(History).values(**row, from_state=before, to_state=now, attempt=attempt, reason=reason))


def _count(session: Session, changes: Mapping[int, Mapping[tuple[Status, Status], int]], start: float | None = None) -> Sequence[Result]:
    """Carry the changes into the counts of each result, let its status, times and revision follow from them, and return the results."""
    which = select(Result).where(Result.id.in_(changes)).order_by(Result.id).with_for_update()
    results = session.execute(which.execution_options(populate_existing=True)).scalars().all() if changes else []
    before = {result.id: result.status for result in results}
    for result in results:
        _carry(result, changes[result.id], start)
    _end(session, {result.id: result for result in results if result.status not in LIVE and result.end is None})
    row = {"kind": "result", "at": time.time(), "move": "follow", "attempt": None, "reason": None}
    changed = [result for result in results if result.status != before[result.id]]
    if changed:
        session.execute(insert(History), [{**row, "object_id": one.id, "from_state": before[one.id], "to_state": one.status} for one in changed])
    session.flush()
    return results


def _carry(result: Result, changes: Mapping[tuple[Status, Status], int], start: float | None) -> None:
    counts = result.counts
    for (before, now), number in changes.items():
        counts[before] -= number
        counts[now] += number
    result.set_counts(counts)
    result.revision += 1
    if start is not None and (result.start is None or start < result.start):
        result.start = start
    result.status = result_status(counts, result.start is not None)


def _end(session: Session, ended: Mapping[int, Result]) -> None:
    """Set when these ended: with the last of their executions, or now where none ran."""
    if not ended:
        return
    ends = select(Detail.result_id, db.func.max(Detail.end)).where(Detail.result_id.in_(ended)).group_by(Detail.result_id)
    last: dict[int, float | None] = dict(iter(session.execute(ends)))
    for result_id, result in ended.items():
        end = last.get(result_id)
        result.end = time.time() if end is None else end
