"""What a user asks of attempts, the containers of one execution: list them, look at one of them or its log."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.errors import NotThere
from app.extensions import db
from app.models import OF_ATTEMPT, Attempt, Detail
from app.states import Status


@dataclass(frozen=True)
class AttemptView:
    """One attempt, the current one or an earlier one. Times are the Engine's own, epoch seconds; `is_live` while it has not ended."""

    result_id: int
    detail_id: int
    attempt: int
    status: str
    is_live: bool
    container_id: str | None
    start: float | None
    end: float | None
    exit_code: int | None
    oom_killed: bool | None
    reason: str | None
    message: str | None
    log_truncated: bool | None
    logs_incomplete: bool | None
    peak_memory: int | None
    cpu_seconds: float | None
    last_line: str | None
    logs_removed_at: float | None

    @property
    def log_key(self) -> tuple[int, int, int]:
        """What names its stored log."""
        return (self.result_id, self.detail_id, self.attempt)


SAME = tuple(name for name in OF_ATTEMPT if name != "ending")
"""Columns that are shown of each; `ending` is for grouping alone."""


def of(detail: Detail) -> list[AttemptView]:
    """List the attempts of an execution, the first one first; the current one is the last."""
    earlier = db.session.execute(select(Attempt).where(Attempt.detail_id == detail.id).order_by(Attempt.number)).scalars()
    return [*(_view(detail, row, row.number, Status.ERROR, is_live=False) for row in earlier), current(detail)]


def current(detail: Detail) -> AttemptView:
    """Return the attempt that an execution is at."""
    return _view(detail, detail, detail.attempt, detail.status, is_live=detail.is_live)


def one(detail: Detail, number: int | None) -> AttemptView:
    """Return attempt `number` of an execution; None: the current one, or, while that waits for its start, the last that ran.

    Raises NotThere where there is no such attempt.
    """
    if number is None:
        number = detail.attempt - 1 if detail.attempt > 1 and detail.container_id is None and detail.is_live else detail.attempt
    if number == detail.attempt:
        return current(detail)
    row = db.session.get(Attempt, (detail.id, number))
    if row is None:
        raise NotThere(f"Execution {detail.id} has no attempt {number}: it is at attempt {detail.attempt}.")
    return _view(detail, row, number, Status.ERROR, is_live=False)


def _view(detail: Detail, row: Any, number: int, status: str, *, is_live: bool) -> AttemptView:
    return AttemptView(
        detail.result_id, detail.id, number, status, is_live, **{name: getattr(row, name) for name in SAME}, logs_removed_at=detail.logs_removed_at
    )
