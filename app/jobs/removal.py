"""Removing what stands deleted: rows and logs, in short steps that leave the record to others in between.

A delete only marks a result or a task; from then on it is not there for anybody else. A row goes after all that belongs to it, so what
dies in the middle goes on with the next look, and a message that is lost is made good by the supervisor's.
"""

import logging
import time

from sqlalchemy import ColumnElement, delete, func, select, update

from app.extensions import db
from app.jobs import context
from app.jobs.doorbell import job, ring
from app.jobs.locks import holding
from app.models import TO_REMOVE, WITH_DELETED, Detail, Engine, History, Image, Result, Task, write
from app.states import LIVE

log = logging.getLogger(__name__)

BATCH = 1_000
"""Executions that are removed in one transaction: some tens of milliseconds."""
PAUSE, LONGEST_PAUSE = 0.15, 1.0
"""Seconds between two batches: as long as the last one held the write lock, and longer than who waits for it takes to look again (0.1 s)."""
SLICE = 5.0
"""Seconds that one job goes on; then it rings for the next, so that other jobs have a turn."""

# By engine, so that the index of what is to be removed serves: there are few of those, and a result may have 100,000 executions.
_CONTAINER_LEFT = (Detail.engine_id.in_(select(Engine.id)), TO_REMOVE)
DELETABLE: tuple[ColumnElement[bool], ...] = (Result.status.not_in(LIVE), Result.id.not_in(select(Detail.result_id).where(*_CONTAINER_LEFT)))
"""What may be deleted: results that have ended, and whose containers the Engine is rid of."""


def mark(*which: ColumnElement[bool]) -> tuple[int, int]:
    """Delete the results that `which` selects, those of them that may be, for everybody but the job; return how many results and executions.

    What they are reruns of shows them no more.
    """
    chosen = [*which, *DELETABLE, Result.deleted_at.is_(None)]
    with write() as session:
        number, times = session.execute(select(func.count(), func.coalesce(func.sum(Result.times), 0)).where(*chosen)).one()
        if number:
            originals = select(Result.rerun_of).where(*chosen, Result.rerun_of.is_not(None)).scalar_subquery()
            touched = update(Result).where(Result.id.in_(originals)).values(revision=Result.revision + 1)
            marked = update(Result).where(*chosen).values(deleted_at=time.time(), revision=Result.revision + 1, secret_env={})
            for change in (touched, marked):
                session.execute(change.execution_options(synchronize_session=False))
            session.expire_all()
            ring(remove_results)
    return number, times


def containers_left(*which: ColumnElement[bool]) -> int | None:
    """Return the id of a result that has a container still to be removed, of those whose executions `which` selects; None where none has."""
    return db.session.execute(select(Detail.result_id).where(*_CONTAINER_LEFT, *which).limit(1)).scalar()


def is_due() -> bool:
    """Whether a result or a task stands deleted and is still to be removed."""
    return _next_result(frozenset()) is not None or _next_task() is not None


@job(priority=1)
def remove_results() -> None:
    """Remove what stands deleted, unless somebody is at it."""
    with holding("removal") as mine:
        is_more = mine and _remove_for(SLICE)
    if is_more:
        ring(remove_results)


def _remove_for(seconds: float) -> bool:
    """Remove for so long, and say whether there is more. What can't be removed now is left for another time."""
    begun = time.monotonic()
    end = begun + seconds
    left: set[int] = set()
    while not context.stopping.is_set() and time.monotonic() < end:
        result_id = _next_result(left)
        if result_id is None:
            return _remove_tasks()
        try:
            _remove_result(result_id, end)
        except OSError as error:
            log.error("result %s is deleted, and its logs can't be removed: %s", result_id, error)
            left.add(result_id)
        if time.monotonic() - begun > PAUSE:  # many small ones keep others out as one large one would
            time.sleep(PAUSE)
            begun = time.monotonic()
    return not context.stopping.is_set()


def _next_result(but: set[int] | frozenset[int]) -> int | None:
    """Find the result that was deleted first."""
    query = select(Result.id).where(Result.deleted_at.is_not(None), Result.id.not_in(but)).order_by(Result.deleted_at, Result.id)
    return db.session.execute(query.limit(1).execution_options(**WITH_DELETED)).scalar()


def _remove_result(result_id: int, end: float) -> None:
    """Remove executions in batches until `end`; after the last of them the logs, and then the result itself."""
    while remove_batch(result_id):
        if context.stopping.is_set() or time.monotonic() >= end:
            return
    context.log_store().delete(result_id)
    with write() as session:
        session.execute(delete(History).where(History.kind == "result", History.object_id == result_id))
        session.execute(delete(Result).where(Result.id == result_id).execution_options(synchronize_session=False))


def remove_batch(result_id: int) -> bool:
    """Remove the next batch of a result's executions with their history and attempts; say whether more may follow."""
    begun = time.monotonic()
    batch = select(Detail.id).where(Detail.result_id == result_id).order_by(Detail.position).limit(BATCH)
    with write() as session:
        ids = session.execute(batch).scalars().all()
        for table, which in ((History, History.object_id.in_(ids) & (History.kind == "detail")), (Detail, Detail.id.in_(ids))):
            session.execute(delete(table).where(which).execution_options(synchronize_session=False))
    is_more = len(ids) == BATCH
    if is_more:
        time.sleep(min(max(time.monotonic() - begun, PAUSE), LONGEST_PAUSE))
    return is_more


def _next_task() -> int | None:
    """Find a deleted task with nothing left of it: no result, and no image in the Engine's store that came there for it."""
    results = select(Result.id).where(Result.task_id == Task.id).exists()
    images = select(Image.task_id).where(Image.task_id == Task.id, Image.pulled, Image.removed_at.is_(None)).exists()
    query = select(Task.id).where(Task.deleted_at.is_not(None), ~results, ~images).limit(1)
    return db.session.execute(query.execution_options(**WITH_DELETED)).scalar()


def _remove_tasks() -> bool:
    """Remove the deleted tasks that nothing is left of; say whether there are more, which there are not."""
    while (task_id := _next_task()) is not None:
        with write() as session:
            session.execute(delete(History).where(History.kind == "task", History.object_id == task_id))
            session.execute(delete(Task).where(Task.id == task_id).execution_options(synchronize_session=False))
    return False
