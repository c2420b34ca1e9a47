"""What a user asks of results: submit a RUN, cancel or kill it, list, look."""

import time
from typing import Any

from sqlalchemy import Integer, insert, literal, select, update

from app.errors import NotThere, TaskNotReady, WrongState
from app.extensions import db
from app.jobs import executions
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.doorbell import ring
from app.models import HOLDS_SLOT, Detail, Result, withdraw_waiting, write
from app.services import tasks
from app.services.listing import Page, page_of
from app.states import LIVE, Phase, Reason, Status, TaskStatus, Wish

RINGS = 8
"""Doorbells for one submission: as many launches at once as a consumer has workers by default."""


def submit(task_id: int, times: int = 1, parameters: dict[str, Any] | None = None) -> Result:
    """RUN a task `times` times: the result and all its executions come to be in one transaction.

    Raises NotThere where there is no such task, TaskNotReady where its image is not in the Engine's store.
    """
    with write() as session:
        task = tasks.get(task_id)
        if task.status != TaskStatus.READY or task.image_id is None:
            raise TaskNotReady(_not_ready(task_id, task.status, task.message))
        now = time.time()
        result = Result(
            task_id=task_id, status=Status.QUEUED, times=times, parameters=parameters or {}, image_id=task.image_id, submitted_at=now, queued=times
        )  # fmt: skip
        session.add(result)
        session.flush()
        _insert_details(result)
        for _ in range(min(times, RINGS)):
            ring(executions.launch, LOCAL_ENGINE)
    return result


def _not_ready(task_id: int, status: str, message: str | None) -> str:
    if status == TaskStatus.ERROR:
        return f'Task {task_id} is ERROR, so it can\'t run: {message} POST {{"operation": "IMPORT"}} to /task/{task_id}/ imports it again.'
    return f"Task {task_id} is {status}: its image is being imported; run it once GET /task/{task_id}/ says READY."


def _insert_details(result: Result) -> None:
    """Let the database count from 0 to times - 1: a hundred thousand rows in a tenth of a second."""
    series = select(literal(0).label("position")).cte("series", recursive=True)
    series = series.union_all(select((series.c.position + 1).label("position")).where(series.c.position + 1 < result.times))
    values: dict[str, Any] = {
        "result_id": result.id, "task_id": result.task_id, "engine_id": LOCAL_ENGINE, "status": Status.QUEUED, "phase": Phase.WAITING,
        "attempt": 1, "image_id": result.image_id, "submitted_at": result.submitted_at,
    }  # fmt: skip
    rows = select(series.c.position.cast(Integer), *(literal(value) for value in values.values()))
    db.session.execute(insert(Detail).from_select(["position", *values], rows))


def get(result_id: int) -> Result:
    """Return a result; raise NotThere where there is none with this id."""
    result = db.session.get(Result, result_id)
    if result is None:
        raise NotThere(f"There is no result {result_id}: GET /result/ lists them.")
    return result


def listing(page: int, page_size: int, status: list[str] | None = None, task_id: int | None = None) -> Page:
    """List results, newest first; `status` lets several through."""
    query = select(*Result.__table__.columns).order_by(Result.id.desc())
    if status:
        query = query.where(Result.status.in_(status))
    if task_id is not None:
        query = query.where(Result.task_id == task_id)
    return page_of(query, page, page_size)


def stop(result_id: int, wish: Wish, detail_id: int | None = None) -> Result:
    """CANCEL or KILL a result, or one execution of it: the wish is written first, then acted on.

    What waits becomes CANCELLED at once. Of what is on its way, CANCEL ends what has not started, KILL also stops what runs.
    Raises WrongState where all of it has ended, or where CANCEL finds everything running.
    """
    with write() as session:
        result = get(result_id)
        which = [Detail.result_id == result_id] if detail_id is None else [Detail.id == detail_id]
        live = set(session.execute(select(Detail.status).where(*which, Detail.status.in_(LIVE)).distinct()).scalars())
        _refuse(wish, live, f"result {result_id}" if detail_id is None else f"execution {detail_id}")
        withdraw_waiting(result_id, Reason.CANCELLED, "Cancelled before it started.", detail_id)
        reached = [*which, HOLDS_SLOT]
        if wish == Wish.CANCEL:
            reached += [Detail.status == Status.QUEUED, Detail.wish.is_(None)]
        session.execute(update(Detail).where(*reached).values(wish=wish).execution_options(synchronize_session=False))
        session.execute(update(Result).where(Result.id == result_id).values(revision=Result.revision + 1))
        for row_id in session.execute(select(Detail.id).where(*which, HOLDS_SLOT, Detail.wish.is_not(None))).scalars():
            ring(executions.advance, row_id)
    return result


def _refuse(wish: Wish, live: set[str], what: str) -> None:
    if not live:
        raise WrongState(f"{what.capitalize()} has ended: there is nothing left to {wish.lower()}.")
    if wish == Wish.CANCEL and Status.QUEUED not in live:
        raise WrongState(f"{what.capitalize()} has nothing left that waits: CANCEL ends only what has not started. KILL stops what runs.")
