"""For tests of figures: results whose executions have the statuses and times a test wants, written as rows at once."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import insert

from app.extensions import db
from app.models import Detail, Result, Task
from app.states import LIVE, Phase, Status, TaskStatus, result_status

SUBMITTED = 1_000_000.0
"""When all of them were submitted; the times of executions are given in seconds after it."""

Execution = tuple[Status, float | None, float | None]
IMAGE = "sha256:" + "1" * 64


def task_row(name: str = "tool") -> int:
    """Insert a READY task and return its id."""
    row = {"name": name, "repository": name, "pull": "missing", "status": TaskStatus.READY, "submitted_at": SUBMITTED}
    return int(db.session.execute(insert(Task).values(**row)).inserted_primary_key[0])


def result_row(task_id: int, executions: Iterable[Execution]) -> int:
    """Insert a result with these executions, its counts and times as the moves would have left them, and return its id."""
    executions = list(executions)
    counts = Counter(status for status, _, _ in executions)
    starts = [SUBMITTED + start for _, start, _ in executions if start is not None]
    ends = [SUBMITTED + end for _, _, end in executions if end is not None]
    status = result_status(counts, bool(starts))
    row = {"task_id": task_id, "status": status, "times": len(executions), "parameters": {}, "image_id": IMAGE, "submitted_at": SUBMITTED}
    row |= {"start": min(starts, default=None), "end": max(ends, default=None) if status not in LIVE else None}
    result_id = int(db.session.execute(insert(Result).values(**row, **{word.lower(): counts[word] for word in Status})).inserted_primary_key[0])
    if executions:
        db.session.execute(insert(Detail.__table__), [_detail(task_id, result_id, *one) for one in enumerate(executions)])
    db.session.commit()
    return result_id


def _detail(task_id: int, result_id: int, position: int, execution: Execution) -> dict[str, object]:
    status, start, end = execution
    phase = {Status.QUEUED: Phase.WAITING, Status.RUNNING: Phase.STARTED}.get(status, Phase.REMOVED)
    row = {"result_id": result_id, "task_id": task_id, "engine_id": 1, "position": position, "status": status, "phase": phase, "attempt": 1}
    times = {"start": None if start is None else SUBMITTED + start, "end": None if end is None else SUBMITTED + end}
    return row | times | {"image_id": IMAGE, "submitted_at": SUBMITTED}
