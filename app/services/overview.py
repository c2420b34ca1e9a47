"""The overview: what goes on, what went wrong, and what is in the way, in a few quick questions to the record."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from app.extensions import db
from app.models import HOLDS_SLOT, Detail, Engine, Result, Task
from app.services import health, results
from app.states import LIVE, TERMINAL, Status

ROWS = 10
"""Results in each list, at most."""
FAILURES = 8
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Overview:
    """What the first page shows.

    `running`, `queued` and `errors` count results, `errors` those ERROR submitted within the last 24 h (since `errors_since`, epoch
    seconds); `executions_waiting` counts executions that wait for a slot. Rows of `active` and `recent` are as results.listing() gives
    them; rows of `failures` have result_id, detail_id, position, task_name, reason, message, exit_code, end. `troubles` are pairs of a
    part's name and a sentence.
    """

    running: int
    queued: int
    errors: int
    errors_since: float
    slots: int
    slots_held: int
    executions_waiting: int
    tasks: int
    active: Sequence[Row[Any]]
    recent: Sequence[Row[Any]]
    failures: Sequence[Row[Any]]
    troubles: list[tuple[str, str]]


def overview() -> Overview:
    """Look at everything at once. It asks no Engine: what the supervisor noted of it lately has to do."""
    counts: dict[str, int] = dict(_live_counts())
    errors_since = time.time() - DAY
    errors = select(func.count()).select_from(Result).where(Result.status == Status.ERROR, Result.submitted_at >= errors_since)
    held = select(func.count()).select_from(Detail).where(Detail.engine_id.in_(select(Engine.id)), HOLDS_SLOT)
    starting = held.where(Detail.status == Status.QUEUED)
    # From the counts that the moves keep: a hundred thousand rows that wait need not be counted.
    queued = select(func.coalesce(func.sum(Result.queued), 0)).where(Result.status.in_(LIVE))
    return Overview(
        running=counts.get(Status.RUNNING, 0),
        queued=counts.get(Status.QUEUED, 0),
        errors=_number(errors),
        errors_since=errors_since,
        slots=_number(select(func.coalesce(func.sum(Engine.slots), 0))),
        slots_held=_number(held),
        executions_waiting=_number(queued) - _number(starting),
        tasks=_number(select(func.count()).select_from(Task)),
        active=results.newest(LIVE, ROWS),
        recent=results.newest(TERMINAL, ROWS),
        failures=_failures(),
        troubles=[(part, state) for part, state in health.noted().items() if state != "ok"],
    )


def _live_counts() -> list[tuple[str, int]]:
    query = select(Result.status, func.count()).where(Result.status.in_(LIVE)).group_by(Result.status)
    return [(status, number) for status, number in db.session.execute(query)]


def _number(query: Any) -> int:
    return int(db.session.execute(query).scalar_one())


def _failures() -> list[Row[Any]]:
    """Find the failed executions of the newest results that have any, by the index of their status."""
    newest = select(Result.id, Task.name.label("task_name")).join(Task, Task.id == Result.task_id)
    found: list[Row[Any]] = []
    for result_id, task_name in db.session.execute(newest.where(Result.error > 0).order_by(Result.id.desc()).limit(FAILURES)).all():
        found += db.session.execute(_failed(result_id, task_name).limit(FAILURES - len(found))).all()
        if len(found) == FAILURES:
            break
    return found


def _failed(result_id: int, task_name: str) -> Any:
    columns = (Detail.result_id, Detail.id.label("detail_id"), Detail.position, Detail.reason, Detail.message, Detail.exit_code, Detail.end)
    named = (*columns, db.literal(task_name).label("task_name"))
    return select(*named).where(Detail.result_id == result_id, Detail.status == Status.ERROR).order_by(Detail.position)
