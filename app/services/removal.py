"""Deleting results with all that belongs to them, in steps that leave the record to others in between.

The result's row goes last: what dies in the middle leaves a result that can be deleted again.
"""

import time

from sqlalchemy import delete, select, update

from app.errors import WrongState
from app.extensions import db
from app.jobs import context
from app.models import TO_REMOVE, Detail, Engine, History, Result, write
from app.states import LIVE

BATCH = 5_000
"""Executions that are deleted in one transaction."""
LONGEST_PAUSE = 0.1
"""Seconds between two batches, at most: as long as the last one held the write lock, others may have it."""


def remove_result(result: Result) -> None:
    """Delete an ended result: its executions and their history in batches, then its logs, then itself.

    Raises WrongState where it is live, or where a container of it is still to be removed.
    """
    refuse_live(result)
    result_id, rerun_of = result.id, result.rerun_of
    begun = time.monotonic()
    while _remove_batch(result_id):
        time.sleep(min(time.monotonic() - begun, LONGEST_PAUSE))
        begun = time.monotonic()
    context.log_store().delete(result_id)
    with write() as session:
        session.execute(delete(History).where(History.kind == "result", History.object_id == result_id))
        session.execute(delete(Result).where(Result.id == result_id))
        if rerun_of is not None:
            touch(rerun_of)


def refuse_live(result: Result) -> None:
    """Raise WrongState unless the result has ended and the Engine is rid of its containers."""
    if result.status in LIVE:
        raise WrongState(f'Result {result.id} is {result.status}: POST {{"operation": "KILL"}} to /result/{result.id}/, and delete it once it has ended.')
    # By engine, so that the index of what is to be removed serves: there are few of those, and a result may have 100,000 executions.
    left = select(Detail.id).where(Detail.engine_id.in_(select(Engine.id)), TO_REMOVE, Detail.result_id == result.id).limit(1)
    if db.session.execute(left).first() is not None:
        raise WrongState(f"A container of result {result.id} is still to be removed from the Docker Engine: try again in a few seconds, once it is.")


def touch(result_id: int) -> None:
    """Raise the revision of a result whose answer changes by something that is no move."""
    with write() as session:
        session.execute(update(Result).where(Result.id == result_id).values(revision=Result.revision + 1))


def _remove_batch(result_id: int) -> bool:
    """Delete the next batch of a result's executions with their history; say whether more may follow."""
    batch = select(Detail.id).where(Detail.result_id == result_id).order_by(Detail.position).limit(BATCH)
    with write() as session:
        ids = session.execute(batch).scalars().all()
        session.execute(delete(History).where(History.kind == "detail", History.object_id.in_(batch)).execution_options(synchronize_session=False))
        session.execute(delete(Detail).where(Detail.id.in_(batch)).execution_options(synchronize_session=False))
    return len(ids) == BATCH
