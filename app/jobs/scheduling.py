"""Whose turn it is: which waiting execution gets the next free slot of an Engine.

By priority first. Among results of one priority the one that holds the fewest slots, then the one whose last turn is longest ago: so a
result of ten thousand leaves room for one of three that came after it, and of a thousand results each has its turn. Within a result,
attempts that are due come before executions that were never tried, and these by their index.
"""

import time

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from app.extensions import db
from app.models import HOLDS_SLOT, WAITS, Detail, Engine, Result, move, write
from app.states import LIVE, LONGEST_RETRY_DELAY


def claim(engine_id: int) -> int | None:
    """Claim the execution whose turn it is if the Engine has a free slot, in one short transaction; return its id."""
    if not _may_claim(engine_id):
        return None
    with write() as session:
        result_id = next_result(engine_id) if free_slots(engine_id) > 0 else None
        detail = None if result_id is None else _next_of(engine_id, result_id)
        if detail is None or not move(detail, "claim", not_before=None):
            return None
        session.execute(update(Engine).where(Engine.id == engine_id).values(claims=Engine.claims + 1))
        turn = select(Engine.claims).where(Engine.id == engine_id).scalar_subquery()
        served = update(Result).where(Result.id == result_id).values(served=turn)
        session.execute(served.execution_options(synchronize_session=False))
        return detail.id


def _may_claim(engine_id: int) -> bool:
    """Look before the write lock is taken: mostly there is nothing to do."""
    return free_slots(engine_id) > 0 and has_waiting(engine_id)


def free_slots(engine_id: int) -> int:
    """Return how many more executions the Engine may hold now."""
    slots = db.session.execute(select(Engine.slots).where(Engine.id == engine_id)).scalar_one()
    held = select(func.count()).select_from(Detail).where(Detail.engine_id == engine_id, HOLDS_SLOT)
    return int(slots - db.session.execute(held).scalar_one())


def has_waiting(engine_id: int) -> bool:
    """Whether an execution would get a slot of this Engine if one were free."""
    return next_result(engine_id) is not None


def next_result(engine_id: int) -> int | None:
    """Return the id of the result whose turn it is; None where none has an execution that may be started now."""
    held = held_by_result(engine_id).subquery()
    holds = func.coalesce(held.c.held, 0)
    query = (
        select(Result.id)
        .outerjoin(held, held.c.result_id == Result.id)
        .where(Result.status.in_(LIVE), Result.queued > 0, or_(Result.parallel.is_(None), holds < Result.parallel))
        .where(or_(*(_waiting(engine_id, when).where(Detail.result_id == Result.id).exists() for when in _due())))
        .order_by(Result.priority.desc(), holds, Result.served, Result.id)
        .limit(1)
    )
    return db.session.execute(query).scalar()


def held_by_result(engine_id: int) -> Select[int, int]:
    """Select how many slots (`held`) of an Engine each result holds."""
    held = select(Detail.result_id, func.count().label("held")).where(Detail.engine_id == engine_id, HOLDS_SLOT)
    return held.group_by(Detail.result_id)


def _next_of(engine_id: int, result_id: int) -> Detail | None:
    """Return the execution of a result that is to start next."""
    for when in reversed(_due()):
        query = _waiting(engine_id, when).with_only_columns(Detail).where(Detail.result_id == result_id)
        found = db.session.execute(query.order_by(Detail.not_before, Detail.position).limit(1)).scalar_one_or_none()
        if found is not None:
            return found
    return None


def _waiting(engine_id: int, when: ColumnElement[bool]) -> Select[int]:
    return select(Detail.id).where(Detail.engine_id == engine_id, WAITS, when)


def _due() -> tuple[ColumnElement[bool], ...]:
    """Say when a waiting execution may start, each a range of the index: never tried; due again; or due in a time so far away that the clock was set back."""
    now = time.time()
    return (Detail.not_before.is_(None), Detail.not_before <= now, Detail.not_before > now + 2 * LONGEST_RETRY_DELAY)
