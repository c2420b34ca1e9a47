"""Lists: one page of rows and how many there are in all, as plain rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select

from app.extensions import db


class Page(NamedTuple):
    """The rows of one page, and the number of all rows that the filters let through."""

    rows: Sequence[Row[Any]]
    total: int


def page_of(query: Select[Any], page: int, page_size: int, total: int | None = None) -> Page:
    """Run `query` for one page (the first is 1); `total` spares the count where the caller knows it."""
    if total is None:
        total = db.session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    return Page(db.session.execute(query.limit(page_size).offset((page - 1) * page_size)).all(), total)
