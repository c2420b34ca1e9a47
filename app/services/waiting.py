"""Why an execution waits, in a sentence: worked out when it is asked for, from what the scheduler looks at."""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import g
from sqlalchemy import ColumnElement, func, or_, select

from app.extensions import db
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.scheduling import held_by_result
from app.models import WAITS, Detail, Engine, Result
from app.services import health
from app.states import Phase, Status

MOST_NAMED = 3
"""Results that are named as those who hold the slots."""


@dataclass(frozen=True)
class Situation:
    """What all that waits for an Engine has to do with: what is out of order ("" where nothing is), its slots, and who holds how many."""

    trouble: str
    slots: int
    held: dict[int, int]

    @property
    def taken(self) -> str:
        """Who holds the slots: `8 of 8 slots taken by result 3 (6), result 5 (2)`."""
        ordered = sorted(self.held.items(), key=lambda pair: (-pair[1], pair[0]))
        names = [f"result {result_id} ({number})" for result_id, number in ordered[:MOST_NAMED]]
        more = [f"{len(ordered) - MOST_NAMED} more"] if len(ordered) > MOST_NAMED else []
        return f"{sum(self.held.values())} of {self.slots} slots taken by {', '.join([*names, *more])}"


class Wait(NamedTuple):
    """What something waits for: a sentence, whether there is something to mend, and, where it waits for a next attempt, when that is `due` (epoch seconds)."""

    sentence: str
    is_trouble: bool = False
    due: float | None = None


def why(row: Any) -> str | None:
    """Say why an execution (a row of it) does not run yet; None where it does, or has ended."""
    wait = of_detail(row)
    if wait is None or wait.due is None:
        return None if wait is None else wait.sentence
    return f"retry in {max(1, round(wait.due - time.time()))} s (attempt {row.attempt})"


def of_detail(row: Any) -> Wait | None:
    """Return what an execution (a row of it) waits for; None where it runs, or has ended. It does not change by the clock alone, but when it is due."""
    if row.status != Status.QUEUED:
        return None
    situation = _situation(row.engine_id)
    if situation.trouble:
        return Wait(situation.trouble, is_trouble=True)
    if row.phase != Phase.WAITING:
        return Wait("its container is being started")
    if row.not_before is not None and row.not_before > time.time():
        return Wait(f"attempt {row.attempt} is due", due=row.not_before)
    return Wait(_turn(_result(row.result_id), situation))


def of_result(result: Result) -> Wait | None:
    """Return what the executions of a result wait for that wait; None where none does."""
    if not result.queued:
        return None
    situation = _situation(LOCAL_ENGINE)
    if situation.trouble:
        return Wait(situation.trouble, is_trouble=True)
    if _has_waiting(result, or_(Detail.not_before.is_(None), Detail.not_before <= time.time())):
        return Wait(_turn(result, situation))
    due = _next_due(result)
    return Wait("its containers are being started") if due is None else Wait("the next attempt is due", due=due)


def mark(result: Result) -> str:
    """Return what changes with any answer of of_detail() or of_result() for this result while its revision stays; "" where nothing of it waits."""
    wait = of_result(result)
    return "" if wait is None else f"{wait.sentence} {_next_due(result)}"


def _has_waiting(result: Result, when: ColumnElement[bool]) -> bool:
    return db.session.execute(select(Detail.id).where(*_waits(result), when).limit(1)).scalar() is not None


def _next_due(result: Result) -> float | None:
    """Return when the first attempt is due of those that wait for their time."""
    return db.session.execute(select(func.min(Detail.not_before)).where(*_waits(result), Detail.not_before > time.time())).scalar()


def _waits(result: Result) -> list[ColumnElement[bool]]:
    return [Detail.engine_id == LOCAL_ENGINE, Detail.result_id == result.id, WAITS]


def _turn(result: Result, situation: Situation) -> str:
    if result.parallel is not None and situation.held.get(result.id, 0) >= result.parallel:
        return f"parallel {result.parallel} reached"
    if sum(situation.held.values()) >= situation.slots:
        return situation.taken
    return "its turn has not come"


def _result(result_id: int) -> Result:
    """Read a result once a request: a page of a hundred rows asks a hundred times, and a session forgets what nobody holds."""
    known: dict[int, Result] = g.setdefault("waiting_results", {})
    if result_id not in known:
        known[result_id] = db.session.get_one(Result, result_id)
    return known[result_id]


def _situation(engine_id: int) -> Situation:
    """Look once a request, too."""
    known: dict[int, Situation] = g.setdefault("situations", {})
    if engine_id not in known:
        slots = db.session.execute(select(Engine.slots).where(Engine.id == engine_id)).scalar_one()
        held = {row.result_id: row.held for row in db.session.execute(held_by_result(engine_id))}
        known[engine_id] = Situation(_trouble(), slots, held)
    return known[engine_id]


def _trouble() -> str:
    troubles = health.noted()
    if troubles["engine"] == health.ENGINE_FULL:
        return "the disk of the Docker Engine is full"
    return next((PLAIN[part] for part in PLAIN if troubles[part] != "ok"), "")


PLAIN = {"consumer": "no consumer is alive", "engine": "the Docker Engine does not answer"}
"""What keeps everything from starting, in the order in which it is named."""
