"""Housekeeping: what is kept for a while only. A periodic job removes it in short batches, never what is live, and writes down what it did."""

import logging
import time
from collections.abc import Callable

from huey import crontab
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from app.engine.errors import EngineError
from app.extensions import db, huey
from app.jobs import context, removal, stored_images, stored_logs
from app.jobs.doorbell import ring
from app.jobs.locks import holding
from app.jobs.retention import due_results
from app.jobs.tidying import Run
from app.models import IdempotencyKey, Result, Session, write

log = logging.getLogger(__name__)

KEEP_KEYS = 24 * 3600.0
"""Seconds for which an Idempotency-Key gives its first answer again."""
SLICE = 10.0
"""Seconds that one run goes on; then it rings for the next, so that other jobs have a turn."""
BATCH = 500
"""Results that are deleted in one transaction, which only marks them."""


@huey.periodic_task(crontab(minute="*/10"))
def tidy() -> None:
    """Do the housekeeping, unless somebody is at it."""
    with huey.app.app_context():
        with holding("housekeeping") as mine:
            is_more = mine and _tidy()
        if is_more and not context.stopping.is_set():
            ring(tidy)


def _tidy() -> bool:
    """Take each step as far as time allows, and say whether there is more to do. One that fails is met again next time, and keeps no other."""
    run = Run(SLICE)
    for step, trouble in STEPS.items():
        try:
            step(run)
        except (EngineError, OSError, OperationalError) as error:
            log.warning("housekeeping: %s %s", trouble, error)
            run.failed(trouble)
        except Exception:
            log.exception("housekeeping stumbled: %s", trouble)
            run.failed(trouble)
    run.end()
    return run.is_more


def forget(run: Run) -> None:
    """Delete the Idempotency-Keys that are older than a day, and the sessions that are over."""
    with write() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < time.time() - KEEP_KEYS))
        session.execute(delete(Session).where(Session.ends_at < time.time()))


def remove_results(run: Run) -> None:
    """Delete the results that are due, oldest first; the job that removes what stands deleted is rung for."""
    keep = context.settings().keep
    if keep.results_days is None and keep.results is None:
        return
    due = select(Result.id).where(due_results(keep, run.now), *removal.DELETABLE).order_by(Result.end, Result.id).limit(BATCH)
    while not run.is_over and (ids := db.session.execute(due).scalars().all()):
        with write():
            results, executions = removal.mark(Result.id.in_(ids))
            run.did(results=results, executions=executions)


STEPS: dict[Callable[[Run], None], str] = {
    forget: "Old Idempotency-Keys and sessions could not be deleted: the consumer's log says why.",
    remove_results: "Results could not be deleted: the consumer's log says why.",
    stored_logs.measure: stored_logs.CANT_READ,
    stored_logs.remove: stored_logs.CANT_WRITE,
    stored_logs.sweep: stored_logs.CANT_WRITE,
    stored_images.remove: "Images could not be removed: the Docker Engine did not answer, or refused; the Engines page and the consumer's log say why.",
}
"""What is done, in this order, and the sentence that tells of its failure."""
