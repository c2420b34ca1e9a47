"""move(): the only writer of a status.

Each change is one compare-and-set, with its history row and the result's counts in the same transaction.
"""

import time
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from app.extensions import db
from app.models.detail import Detail
from app.models.history import History
from app.models.result import Result
from app.models.task import Task
from app.models.transaction import write
from app.states import LIVE, WAITING, Reason, Status, TaskStatus, after, result_status, task_after


def move(detail: Detail, name: str, **values: Any) -> bool:
    """Make the move `name` on `detail` if it still stands where the caller saw it; set `values` with it.

    Returns False where somebody else was first: then nothing was written. Either way `detail` is fresh when next read.
    Raises IllegalMove where the table does not allow the move from the state the caller saw.
    """
    seen, attempt = detail.state, detail.attempt
    status, phase = after(name, seen)
    with write() as session:
        change = (
            update(Detail)
            .where(Detail.id == detail.id, Detail.status == seen[0], Detail.phase == seen[1], Detail.attempt == attempt)
            .values(status=status, phase=phase, **values)
            .execution_options(synchronize_session=False)
        )
        moved: bool = session.execute(change).rowcount == 1  # type: ignore[attr-defined]
        session.expire(detail)
        if moved:
            _note(session, "detail", detail.id, name, "/".join(seen), f"{status}/{phase}", attempt, values.get("reason"))
            _count(session, detail.result_id, {(seen[0], status): 1}, values.get("start"))
    return moved


def withdraw_waiting(result_id: int, reason: Reason, message: str, detail_id: int | None = None) -> int:
    """Make the move `withdraw` on every waiting execution of a result (or on that one), and return how many it was."""
    status, phase = after("withdraw", WAITING)
    which = [Detail.result_id == result_id, Detail.status == WAITING[0], Detail.phase == WAITING[1]]
    if detail_id is not None:
        which.append(Detail.id == detail_id)
    with write() as session:
        states = ("/".join(WAITING), f"{status}/{phase}")
        rows = select(
            literal("detail"),
            Detail.id,
            literal(time.time()),
            literal("withdraw"),
            literal(states[0]),
            literal(states[1]),
            Detail.attempt,
            literal(str(reason)),
        ).where(*which)
        columns = ["kind", "object_id", "at", "move", "from_state", "to_state", "attempt", "reason"]
        session.execute(insert(History).from_select(columns, rows))
        change = update(Detail).where(*which).values(status=status, phase=phase, reason=reason, message=message)
        number: int = session.execute(change.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        session.expire_all()
        if number:
            _count(session, result_id, {(WAITING[0], status): number}, None)
    return number


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


def _count(session: Session, result_id: int, changes: dict[tuple[Status, Status], int], start: float | None) -> None:
    """Carry the changes into the result's counts, and let its status, times and revision follow from them."""
    result = session.execute(select(Result).where(Result.id == result_id).with_for_update().execution_options(populate_existing=True)).scalar_one()
    counts = result.counts
    for (before, now), number in changes.items():
        counts[before] -= number
        counts[now] += number
    result.set_counts(counts)
    result.revision += 1
    if start is not None and (result.start is None or start < result.start):
        result.start = start
    before_status = result.status
    result.status = result_status(counts, result.start is not None)
    if result.status not in LIVE and result.end is None:
        last = session.execute(select(db.func.max(Detail.end)).where(Detail.result_id == result_id)).scalar()
        result.end = time.time() if last is None else last
    if result.status != before_status:
        _note(session, "result", result_id, "follow", before_status, result.status, None, None)
    session.flush()
