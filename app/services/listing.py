"""Lists: one page of rows and how many there are in all, or all of them in batches, as plain rows; and what a search text finds."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, Row, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.extensions import db

FURTHEST = 2**63 - 1
"""The largest number that a database takes."""
BATCH = 2_000
"""Rows that are read at once."""


class Page(NamedTuple):
    """The rows of one page, and the number of all rows that the filters let through."""

    rows: Sequence[Row[Any]]
    total: int


def page_of(query: Select[Any], page: int, page_size: int, total: int | None = None) -> Page:
    """Run `query` for one page (the first is 1); `total` spares the count where the caller knows it."""
    if total is None:
        total = db.session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    # A page further on than a database counts is as empty as the one after the last.
    rows = db.session.execute(query.limit(page_size).offset(min((page - 1) * page_size, FURTHEST))).all()
    return Page(rows, total)


def batches_of(database: Engine, query: Select[Any], by: InstrumentedAttribute[int], last: int = 0) -> Iterator[Sequence[Row[Any]]]:
    """Yield all rows of `query` whose column `by` is above `last`, in its order, each batch on a connection that is given back at once.

    Needs no application: it may go on after the view, and neither memory nor a read transaction grows with the number of rows.
    """
    query = query.order_by(by).limit(BATCH)
    while True:
        with database.connect() as connection:
            batch = connection.execute(query.where(by > last)).all()
        if not batch:
            return
        last = getattr(batch[-1], by.key)
        yield batch


def contains(text: str, *columns: Any) -> ColumnElement[bool]:
    """Whether `text` is part of one of the columns as it is written (`%` and `_` mean themselves), upper or lower case."""
    return or_(*(column.icontains(text, autoescape=True) for column in columns))
