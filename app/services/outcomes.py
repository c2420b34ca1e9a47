"""How executions ended and what they used: exit codes, failures grouped by their last log line, memory and CPU time.

Each function takes a condition that says of which executions: those of a result, or a sample of a task's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.extensions import db
from app.services.statistics import DETAIL, ENDED, Summary, spread
from app.states import TERMINAL, Status

MOST_GROUPS = 20
"""Groups of failures that are told of; what is in none of them is counted."""


@dataclass(frozen=True, slots=True)
class ExitCode:
    """How many ended with an exit code; None: without one, because they never ran, or nobody knows."""

    exit_code: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """Executions that failed the same way: by the same reason and exit code, with the same last line but for numbers and names.

    `detail_id` is the first of them, of the result `result_id`, with its `index` and its `last_line`.
    """

    reason: str | None
    exit_code: int | None
    ending: str | None
    count: int
    result_id: int
    detail_id: int
    index: int
    last_line: str | None


@dataclass(frozen=True, slots=True)
class Ends:
    """How executions ended: exit codes and groups of failures, the largest first; `failures_left` of the failed ones are in no group here."""

    exit_codes: Sequence[ExitCode]
    failures: Sequence[Group]
    failures_left: int


@dataclass(frozen=True, slots=True)
class Use:
    """What executions used, of those that were looked at: bytes at most, CPU seconds, and CPU seconds of them all; None where none was."""

    peak_memory: Summary | None
    cpu_seconds: Summary | None
    cpu_total: float | None


def success_rate(counts: Mapping[Status, int]) -> float | None:
    """Return which part of what has run to an end is COMPLETE, 0 to 1; None where nothing has. What was cancelled has not run."""
    ran = sum(counts[status] for status in TERMINAL - {Status.CANCELLED})
    return counts[Status.COMPLETE] / ran if ran else None


def ends(which: ColumnElement[bool]) -> Ends:
    """Say how the executions ended that fulfil a condition."""
    number = func.count().label("number")
    codes = select(DETAIL.exit_code, number).where(which, ENDED).group_by(DETAIL.exit_code).order_by(number.desc(), DETAIL.exit_code)
    failed = (which, DETAIL.status == Status.ERROR)
    total = db.session.execute(select(func.count(DETAIL.id)).where(*failed)).scalar_one()
    groups = _groups(failed) if total else []
    return Ends([ExitCode(*row) for row in db.session.execute(codes)], groups, total - sum(group.count for group in groups))


def _groups(failed: tuple[ColumnElement[bool], ...]) -> list[Group]:
    """Group the failed ones in the database, and look up an example of each group."""
    same = (DETAIL.reason, DETAIL.exit_code, DETAIL.ending)
    number, first = func.count().label("number"), func.min(DETAIL.id).label("first")
    rows = db.session.execute(select(*same, number, first).where(*failed).group_by(*same).order_by(number.desc(), first).limit(MOST_GROUPS)).all()
    columns = (DETAIL.id, DETAIL.result_id, DETAIL.position, DETAIL.last_line)
    examples = {row.id: row for row in db.session.execute(select(*columns).where(DETAIL.id.in_([row.first for row in rows])))}
    return [_group(row, examples[row.first]) for row in rows]


def _group(row: Any, example: Any) -> Group:
    return Group(row.reason, row.exit_code, row.ending, row.number, example.result_id, example.id, example.position, example.last_line)


def use(which: ColumnElement[bool]) -> Use:
    """Say what the executions used that fulfil a condition."""
    memory, seconds = [], []
    query = select(DETAIL.peak_memory, DETAIL.cpu_seconds).where(which, DETAIL.cpu_seconds.is_not(None))
    for peak, took in db.session.execute(query.execution_options(yield_per=1000)):
        seconds.append(took)
        if peak is not None:
            memory.append(peak)
    return Use(spread(memory), spread(seconds), sum(seconds) if seconds else None)
