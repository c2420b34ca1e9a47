"""A task's statistics over its last results: bounded, so that a task of a million executions answers as quickly as one of ten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.extensions import db
from app.models import Result
from app.services import outcomes, statistics, tasks
from app.services.memory import Memory
from app.services.outcomes import Ends, Use
from app.services.statistics import DETAIL, ENDED, HAS_TIMES, RESULT, TOOK, Statistics, Summary, spread
from app.states import Status

MOST_RESULTS = 20
MOST_EXECUTIONS = 5_000
"""Results and executions that are looked at, at most: of a result that is larger than its share, the first by index."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One of the last results; `success_rate` is by its counts, `durations` by those of its executions that were looked at."""

    result_id: int
    status: Status
    submitted_at: float
    times: int
    success_rate: float | None
    durations: Summary | None


@dataclass(frozen=True, slots=True)
class TaskStatistics:
    """What came of a task's last results, newest first in `results`.

    `executions` of their `executions_in_all` were looked at for everything but `success_rate`, which is by the counts of all.
    """

    results: Sequence[Trend]
    executions: int
    executions_in_all: int
    success_rate: float | None
    statistics: Statistics
    ends: Ends
    use: Use


def of(task_id: int) -> TaskStatistics:
    """Return a task's statistics; raises NotThere where there is no such task."""
    tasks.get(task_id)
    heads = db.session.execute(select(RESULT.id, RESULT.revision).where(RESULT.task_id == task_id).order_by(RESULT.id.desc()).limit(MOST_RESULTS)).all()
    return _known.get(task_id, tuple(map(tuple, heads)))


def _work_out(task_id: int) -> TaskStatistics:
    rows = db.session.execute(select(*Result.columns()).where(RESULT.task_id == task_id).order_by(RESULT.id.desc()).limit(MOST_RESULTS)).all()
    shares = _shares({row.id: row.times for row in rows})
    which = _sample({row.id: row.times for row in rows}, shares)
    took = _durations(which)
    results = [
        Trend(row.id, Status(row.status), row.submitted_at, row.times, outcomes.success_rate(_counts([row])), spread(took.get(row.id, [])))
        for row in rows
    ]  # fmt: skip
    return TaskStatistics(
        results=results,
        executions=sum(shares.values()),
        executions_in_all=sum(row.times for row in rows),
        success_rate=outcomes.success_rate(_counts(rows)),
        statistics=statistics.summary_of(which),
        ends=outcomes.ends(which),
        use=outcomes.use(which),
    )


_known: Memory[int, TaskStatistics] = Memory(_work_out)


def _counts(rows: Sequence[Any]) -> dict[Status, int]:
    return {status: sum(getattr(row, status.lower()) for row in rows) for status in Status}


def _shares(times: Mapping[int, int]) -> dict[int, int]:
    """Say how many executions of each result are looked at: what small ones leave of their share, large ones get."""
    shares, left = {}, MOST_EXECUTIONS
    for place, (result_id, number) in enumerate(sorted(times.items(), key=lambda item: item[1])):
        shares[result_id] = min(number, left // (len(times) - place))
        left -= shares[result_id]
    return shares


def _sample(times: Mapping[int, int], shares: Mapping[int, int]) -> ColumnElement[bool]:
    """Return the condition that an execution is looked at."""
    whole = [result_id for result_id, share in shares.items() if share == times[result_id]]
    parts = [and_(DETAIL.result_id == result_id, DETAIL.position <= _last(result_id, share)) for result_id, share in shares.items() if result_id not in whole]
    return or_(DETAIL.result_id.in_(whole), *parts)


def _last(result_id: int, share: int) -> int:
    """Return the index of the last of the first `share` executions: where chosen ones run again, indices have gaps."""
    positions = select(DETAIL.position).where(DETAIL.result_id == result_id).order_by(DETAIL.position).limit(share)
    last: int | None = db.session.execute(select(func.max(positions.subquery().c.position))).scalar()
    return -1 if last is None else last


def _durations(which: ColumnElement[bool]) -> dict[int, list[float]]:
    """Read durations in seconds by result."""
    found: dict[int, list[float]] = {}
    for result_id, took in db.session.execute(select(DETAIL.result_id, TOOK).where(which, ENDED, HAS_TIMES)):
        found.setdefault(result_id, []).append(max(0.0, took))
    return found
