"""Why an execution waits, in a sentence: worked out when it is asked for, from what the scheduler looks at."""

import time
from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import select

from app.extensions import db
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.scheduling import held_by_result
from app.models import Engine, Result
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


def why(row: Any) -> str | None:
    """Say why an execution (a row of it) does not run yet; None where it does, or has ended."""
    if row.status != Status.QUEUED:
        return None
    situation = _situation(row.engine_id)
    if row.phase != Phase.WAITING:
        return situation.trouble or "its container is being started"
    due_in = 0.0 if row.not_before is None else row.not_before - time.time()
    if due_in > 0 and not situation.trouble:
        return f"retry in {max(1, round(due_in))} s (attempt {row.attempt})"
    return situation.trouble or _turn(_result(row.result_id), situation)


def of_result(result: Result) -> str | None:
    """Say why what waits of a result does; None where nothing does. Executions that wait for a next attempt say so themselves."""
    if not result.queued:
        return None
    situation = _situation(LOCAL_ENGINE)
    return situation.trouble or _turn(result, situation)


def _turn(result: Result, situation: Situation) -> str:
    if result.parallel is not None and situation.held.get(result.id, 0) >= result.parallel:
        return f"parallel {result.parallel} reached"
    if sum(situation.held.values()) >= situation.slots:
        return situation.taken
    return "its turn is next"


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
        troubles = health.noted()
        trouble = next((PLAIN[part] for part in PLAIN if troubles[part] != "ok"), "")
        slots = db.session.execute(select(Engine.slots).where(Engine.id == engine_id)).scalar_one()
        held = {row.result_id: row.held for row in db.session.execute(held_by_result(engine_id))}
        known[engine_id] = Situation(trouble, slots, held)
    return known[engine_id]


PLAIN = {"consumer": "no consumer is alive", "engine": "the Docker Engine does not answer"}
"""What keeps everything from starting, in the order in which it is named."""
