"""For tests of the audit: its rows as they stand, past the session of who asks."""

from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models import Audit


def rows_of(app: Flask, after: int = 0) -> list[Any]:
    """Return the rows with higher ids than `after`, oldest first."""
    with app.app_context(), db.engine.connect() as connection:
        return [SimpleNamespace(**row._mapping) for row in connection.execute(select(Audit.__table__).where(Audit.id > after).order_by(Audit.id))]


def last_id(app: Flask) -> int:
    """Return the id of the newest row, 0 where there is none."""
    return max((row.id for row in rows_of(app)), default=0)
