"""A run of housekeeping: how long it may go on, and what it has done, written as it goes."""

import logging
import time
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.actions import Action, Kind
from app.extensions import db
from app.jobs import context
from app.models import ITSELF, Tidying, note, write

log = logging.getLogger(__name__)

COUNTS = ("results", "executions", "logs", "logs_bytes", "images")
KEEP_RUNS = 500
"""Runs that are remembered; of those that found nothing to do, the last alone."""
REMOVED = db.or_(*(getattr(Tidying, name) > 0 for name in COUNTS))
DID_SOMETHING = Tidying.error.is_not(None) | REMOVED


class Run:
    """One run. `is_over` says that its time is up; `is_more` that it left something to do."""

    def __init__(self, seconds: float) -> None:
        self.now = time.time()
        self.is_more = False
        self._end = time.monotonic() + seconds
        with write() as session:
            _note_what_died()
            self._id = session.execute(insert(Tidying).values(at=self.now)).inserted_primary_key[0]  # type: ignore[attr-defined]

    @property
    def is_over(self) -> bool:
        """Whether to stop here and leave the rest to another run; asked between two batches."""
        over = context.stopping.is_set() or time.monotonic() >= self._end
        self.is_more = self.is_more or over
        return over

    def did(self, **numbers: int) -> None:
        """Write down what was removed; in the open transaction, so that it is true whatever happens next."""
        if any(numbers.values()):
            self._write(**{name: getattr(Tidying, name) + number for name, number in numbers.items()})
            log.info("removed: %s", ", ".join(f"{name} {number}" for name, number in numbers.items()))

    def failed(self, sentence: str) -> None:
        """Write down what could not be done, and what is the matter."""
        known = db.session.execute(select(Tidying.error).where(Tidying.id == self._id)).scalar()
        if sentence not in (known or ""):
            self._write(error=f"{known} {sentence}"[:1000] if known else sentence[:1000])

    def end(self) -> None:
        """Write down that it has ended, and forget old runs."""
        with write() as session:
            self._write(ended_at=time.time())
            _note(self._id)
            session.execute(delete(Tidying).where(Tidying.id < self._id, ~DID_SOMETHING))
            oldest = select(Tidying.id).order_by(Tidying.id.desc()).offset(KEEP_RUNS).limit(1).scalar_subquery()
            session.execute(delete(Tidying).where(Tidying.id <= oldest))

    def _write(self, **values: Any) -> None:
        with write() as session:
            session.execute(update(Tidying).where(Tidying.id == self._id).values(**values).execution_options(synchronize_session=False))


def _note(run_id: int, end: str = "") -> None:
    """Write down in the audit what a run removed, if it removed anything; a run has one row there, which is written at its end."""
    counts = db.session.execute(select(*(getattr(Tidying, name) for name in COUNTS)).where(Tidying.id == run_id, REMOVED)).first()
    if counts is not None:
        removed = ", ".join(f"{name} {number}" for name, number in zip(COUNTS, counts, strict=True) if number)
        note(Action.RETENTION_REMOVE, Kind.RETENTION, about=removed + end, by=ITSELF)


def _note_what_died() -> None:
    """Do the same for the run before, where its consumer died in the middle: there is never more than one at work."""
    before = db.session.execute(select(Tidying.id, Tidying.ended_at).order_by(Tidying.id.desc()).limit(1)).first()
    if before is not None and before.ended_at is None:
        _note(before.id, ", then it died")
