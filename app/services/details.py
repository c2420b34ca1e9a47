"""What a user asks of details, the executions of a result: list, look."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from app.errors import NotThere
from app.extensions import db
from app.models import Detail, Result
from app.services import combinations, engines, results
from app.services.listing import Page, page_of
from app.states import Status


def get(result_id: int, detail_id: int) -> Detail:
    """Return an execution of a result; raise NotThere where the result has none with this id."""
    results.get(result_id)  # of one that is deleted, the executions are gone too
    detail = db.session.get(Detail, detail_id)
    if detail is None or detail.result_id != result_id:
        raise NotThere(f"Result {result_id} has no execution {detail_id}: GET /result/{result_id}/detail/ lists them.")
    return detail


class Execution:
    """An execution's row with what it does not hold itself: its `result`, `env`, the values of its combination, and `engine`, the Engine's name."""

    def __init__(self, row: Any, result: Result, env: dict[str, str], engine: str) -> None:
        # The result is held, so that the session has it still for whoever asks for it again, row by row.
        self._row, self.result, self.env, self.engine = row, result, env, engine

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of it, the row answers."""
        return getattr(self._row, name)


def whole(rows: Sequence[Any]) -> list[Execution]:
    """Complete rows of executions of one result; raise NotThere where that is gone."""
    if not rows:
        return []
    result, names = results.get(rows[0].result_id), engines.names()
    plan = combinations.of(result)
    return [Execution(row, result, plan.at(row.position), names[row.engine_id]) for row in rows]


def listing(
    result_id: int,
    page: int,
    page_size: int,
    status: list[str] | None = None,
    reason: list[str] | None = None,
    exit_code: int | None = None,
    index: int | None = None,
    matrix: list[str] | None = None,
) -> Page:
    """List a result's executions in the order of their index; `status` and `reason` let several through.

    `matrix` are NAME=VALUE pairs of its matrix: any of the values of a name, for each of the names. Raises Unfit for one that it has not.
    """
    result = results.get(result_id)
    query = select(*Detail.columns(), Detail.logs_removed_at).where(Detail.result_id == result_id).order_by(Detail.position)
    if status:
        query = query.where(Detail.status.in_(status))
    if reason:
        query = query.where(Detail.reason.in_(reason))
    if exit_code is not None:
        query = query.where(Detail.exit_code == exit_code)
    if index is not None:
        query = query.where(Detail.position == index)
    if matrix:
        query = query.where(*combinations.chosen(combinations.of(result), matrix))
    total = None
    if not reason and not matrix and exit_code is None and index is None:
        # The moves keep these counts, so that a poll counts no rows.
        total = sum(result.counts[word] for word in (map(Status, set(status)) if status else Status))
    return page_of(query, page, page_size, total)


class Neighbours(NamedTuple):
    """The ids of the executions beside one, by index; None where there is none."""

    previous: int | None
    next: int | None
    next_failed: int | None


def neighbours(detail: Detail) -> Neighbours:
    """Return the executions before and after `detail` in its result, and the next one that ended ERROR."""
    beside = select(Detail.id).where(Detail.result_id == detail.result_id).limit(1)
    later = beside.where(Detail.position > detail.position).order_by(Detail.position)
    earlier = beside.where(Detail.position < detail.position).order_by(Detail.position.desc())
    failed = later.where(Detail.status == Status.ERROR)
    return Neighbours(*(db.session.execute(query).scalar() for query in (earlier, later, failed)))


def at(result_id: int, place: int) -> int:
    """Return the id of the execution at this place in its result, the first being 0; raise NotThere where the result has no such place."""
    results.get(result_id)
    in_order = select(Detail.id).where(Detail.result_id == result_id).order_by(Detail.position)
    found = db.session.execute(in_order.offset(place).limit(1)).scalar()
    if found is None:
        raise NotThere(f"Result {result_id} has no execution at place {place}.")
    return found


def duration(start: float | None, end: float | None) -> float | None:
    """Return end minus start in seconds to the millisecond; never negative, even where somebody set the Engine's clock back meanwhile."""
    return None if start is None or end is None else round(max(round(end, 3) - round(start, 3), 0.0), 3)
