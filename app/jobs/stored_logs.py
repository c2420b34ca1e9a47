"""What housekeeping does with stored logs: measure them once their result has ended, remove those that are due, sweep up what nobody owns."""

import logging
import time
from collections.abc import Iterable

from sqlalchemy import bindparam, select, update

from app.extensions import db
from app.jobs import context
from app.jobs.retention import DAY, due_logs
from app.jobs.tidying import Run
from app.models import WITH_DELETED, Result, write
from app.states import LIVE

log = logging.getLogger(__name__)

CANT_READ = "The size of stored logs could not be measured: see that the consumer may read and write the folder logs of the instance."
CANT_WRITE = "Logs could not be removed: see that the consumer may write in the folder logs of the instance."

BATCH = 100
"""Results whose logs are measured, or removed, before the record is written."""


def measure(run: Run) -> None:
    """Measure the logs of results that have ended since the last run. Nobody writes there any more, so what is half-written is removed."""
    last = 0
    while not run.is_over and (ids := _unmeasured(last)):
        last = ids[-1]
        sizes = [{"of": result_id, "size": size} for result_id in ids if (size := _size(result_id, run)) is not None]
        with write() as session:
            # On the connection: an update of many rows by the session would take their primary keys from the values.
            change = update(Result).where(Result.id == bindparam("of")).values(logs_size=bindparam("size"))
            session.connection().execute(change, sizes) if sizes else None


def _unmeasured(after: int) -> list[int]:
    query = select(Result.id).where(Result.id > after, Result.status.not_in(LIVE), Result.logs_size.is_(None))
    return list(db.session.execute(query.order_by(Result.id).limit(BATCH)).scalars())


def _size(result_id: int, run: Run) -> int | None:
    try:
        context.log_store().remove_unfinished(result_id)
        return context.log_store().size(result_id)
    except OSError as error:
        log.warning("the logs of result %s can't be measured: %s", result_id, error)
        run.failed(CANT_READ)
        return None


def live_size(run: Run) -> int | None:
    """Return the bytes that the logs of live results take so far; None where the run was over before all were measured."""
    total = 0
    for result_id in db.session.execute(select(Result.id).where(Result.status.in_(LIVE))).scalars().all():
        if run.is_over:
            return None
        total += context.log_store().size(result_id)
    return total


def remove(run: Run) -> None:
    """Remove the logs that are due, oldest first. The record says so before the first file goes; a run that dies there is gone on with."""
    keep = context.settings().keep
    _remove_files(_marked(), run)
    if keep.logs_days is None and keep.logs_size is None:
        return
    live = live_size(run) if keep.logs_size is not None else 0
    if live is None:
        return
    while not run.is_over and (rows := db.session.execute(due_logs(keep, run.now, live).limit(BATCH)).all()):
        with write() as session:
            which = (Result.id.in_([row.id for row in rows]), Result.logs_removed_at.is_(None), Result.deleted_at.is_(None))
            change = update(Result).where(*which).values(logs_removed_at=time.time(), revision=Result.revision + 1)
            session.execute(change.execution_options(synchronize_session=False))
            run.did(logs=len(rows), logs_bytes=sum(row.logs_size for row in rows))
        _remove_files((row.id for row in rows), run)


def _marked() -> list[int]:
    """Find results whose logs are said to be removed, and are not."""
    return list(db.session.execute(select(Result.id).where(Result.logs_removed_at.is_not(None), Result.logs_size > 0)).scalars())


def _remove_files(result_ids: Iterable[int], run: Run) -> None:
    for result_id in result_ids:
        try:
            context.log_store().delete(result_id)
        except OSError as error:
            log.warning("the logs of result %s can't be removed: %s", result_id, error)
            run.failed(CANT_WRITE)
            continue
        with write() as session:
            session.execute(update(Result).where(Result.id == result_id).values(logs_size=0).execution_options(synchronize_session=False))


def sweep(run: Run) -> None:
    """Remove log folders of results that are not in the record, older than a day: what a backup that was put back does not know, say."""
    # A result is in the record before its folder is there, so the folders are listed first.
    old = [result_id for result_id, changed_at in context.log_store().folders() if changed_at < run.now - DAY]
    for start in range(0, len(old), 1000):
        if run.is_over:
            return
        ids = old[start : start + 1000]
        known = set(db.session.execute(select(Result.id).where(Result.id.in_(ids)).execution_options(**WITH_DELETED)).scalars())
        for result_id in set(ids) - known:
            log.info("removing the logs of result %s, which is not in the record", result_id)
            context.log_store().delete(result_id)
