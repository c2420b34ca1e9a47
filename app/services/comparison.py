"""Two results side by side: what they were asked, how long they took, and which executions ended otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, or_, select

from app.extensions import db
from app.models import Detail, Result
from app.services import figures, results, secret_environment
from app.services.memory import Memory
from app.services.outcomes import ExitCode, success_rate
from app.services.statistics import Statistics
from app.states import TERMINAL, Status

MOST_CHANGES = 100
"""Executions that ended otherwise which are listed."""
CANDIDATES = 20
"""Results of the same task that are offered to compare with."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, with its figures."""

    result: Result
    parameters: Mapping[str, Any]
    success_rate: float | None
    statistics: Statistics
    exit_codes: Sequence[ExitCode]


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that differs; a variable of the environment is named env.NAME. None where one does not have it."""

    name: str
    value: Any
    other_value: Any


@dataclass(frozen=True, slots=True)
class Transition:
    """How many executions ended as `status` here and as `other_status` there."""

    status: Status
    other_status: Status
    count: int


@dataclass(frozen=True, slots=True)
class Change:
    """An execution that ended otherwise than the one with the same index."""

    index: int
    detail_id: int
    status: Status
    other_detail_id: int
    other_status: Status


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results. Ratios are of `one` to `other`: 2 says that one took twice as long; None where one of them has no figure, or the other's is 0.

    Of executions with the same index that have both ended, `same` ended alike and `changed` did not; `changes` lists the first 100 of
    these. `unpaired` are the other executions of `one`: of another index, or one of the two has not ended.
    """

    one: Side
    other: Side
    parameters: Sequence[Difference]
    p50_ratio: float | None
    p95_ratio: float | None
    same: int
    changed: int
    unpaired: int
    transitions: Sequence[Transition]
    changes: Sequence[Change]


def compare(result_id: int, other_id: int) -> Comparison:
    """Compare a result with another; raises NotThere where there is no such result."""
    one, other = _side(results.get(result_id)), _side(results.get(other_id))
    transitions, changes = _pairings.get((result_id, other_id), (one.result.revision, other.result.revision))
    same = sum(each.count for each in transitions if each.status == each.other_status)
    changed = sum(each.count for each in transitions if each.status != each.other_status)
    return Comparison(
        one=one,
        other=other,
        parameters=differences(one.parameters, other.parameters),
        p50_ratio=_ratio(one.statistics, other.statistics, "p50"),
        p95_ratio=_ratio(one.statistics, other.statistics, "p95"),
        same=same,
        changed=changed,
        unpaired=one.result.times - same - changed,
        transitions=transitions,
        changes=changes,
    )


def _side(result: Result) -> Side:
    return Side(result, secret_environment.shown(result), success_rate(result.counts), figures.times(result), figures.ends(result).exit_codes)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """Return the parameters that differ, by name."""
    mine, others = _flat(one), _flat(other)
    return [Difference(name, mine.get(name), others.get(name)) for name in sorted({**mine, **others}) if mine.get(name) != others.get(name)]


def _flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with each variable of the environment by itself; of a secret one, that there is one."""
    flat = {name: value for name, value in parameters.items() if name not in ("env", "secret_env")}
    flat |= {f"env.{name}": value for name, value in (parameters.get("env") or {}).items()}
    return flat | {f"secret_env.{name}": "secret" for name in parameters.get("secret_env") or ()}


def _ratio(one: Statistics, other: Statistics, name: str) -> float | None:
    if one.durations is None or other.durations is None or not getattr(other.durations, name):
        return None
    return float(getattr(one.durations, name) / getattr(other.durations, name))


HERE, THERE = Detail.__table__.alias("here"), Detail.__table__.alias("there")
PAIRS = HERE.join(THERE, HERE.c.position == THERE.c.position)


def _pairs(result_id: int, other_id: int) -> tuple[Any, ...]:
    both_ended = (HERE.c.status.in_(sorted(TERMINAL)), THERE.c.status.in_(sorted(TERMINAL)))
    return (HERE.c.result_id == result_id, THERE.c.result_id == other_id, *both_ended)


def _transitions(result_id: int, other_id: int) -> list[Transition]:
    number, both = func.count().label("number"), (HERE.c.status, THERE.c.status)
    query = select(*both, number).select_from(PAIRS).where(*_pairs(result_id, other_id)).group_by(*both).order_by(number.desc(), *both)
    return [Transition(Status(status), Status(other), count) for status, other, count in db.session.execute(query)]


def _changes(result_id: int, other_id: int) -> list[Change]:
    columns = (HERE.c.position, HERE.c.id, HERE.c.status, THERE.c.id, THERE.c.status)
    query = select(*columns).select_from(PAIRS).where(*_pairs(result_id, other_id), HERE.c.status != THERE.c.status)
    rows = db.session.execute(query.order_by(HERE.c.position).limit(MOST_CHANGES))
    return [Change(position, detail_id, Status(status), other_id, Status(other)) for position, detail_id, status, other_id, other in rows]


def _pairing(ids: tuple[int, int]) -> tuple[list[Transition], list[Change]]:
    transitions = _transitions(*ids)
    return transitions, _changes(*ids) if any(each.status != each.other_status for each in transitions) else []


_pairings: Memory[tuple[int, int], tuple[list[Transition], list[Change]]] = Memory(_pairing)


def candidates(result: Result) -> list[Row[Any]]:
    """Return what a result may be compared with: what it runs again and what runs it again first, then the newest others of its task."""
    others = select(*Result.columns()).where(Result.task_id == result.task_id, Result.id != result.id).order_by(Result.id.desc())
    kin = or_(Result.rerun_of == result.id, Result.id == (result.rerun_of or 0))
    found = [*db.session.execute(others.where(kin).limit(CANDIDATES)), *db.session.execute(others.limit(CANDIDATES))]
    return list({row.id: row for row in found}.values())[:CANDIDATES]
