"""The audit as a file: read in batches, so that neither memory nor a read transaction grows with its rows."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select

from app.extensions import db
from app.models import Audit
from app.services.audit import conditions

BATCH = 2_000
"""Rows that are read at once."""


def as_ndjson(**filters: Any) -> Iterator[str]:
    """Yield the rows that are there now and that the filters of conditions() let through as JSON, one a line, oldest first."""
    return ("".join(json.dumps(line) + "\n" for line in batch) for batch in _batches(db.engine, conditions(**filters)))


def _batches(database: Engine, which: list[ColumnElement[bool]]) -> Iterator[list[dict[str, Any]]]:
    """Read on from the last id, each batch on a connection that is given back at once. Needs no application: it goes on after the view.

    A line has the fields of the API, in their order: those of the row.
    """
    with database.connect() as connection:
        newest = connection.execute(select(func.coalesce(func.max(Audit.id), 0))).scalar_one()
    rows = select(*Audit.columns()).where(*which, Audit.id <= newest).order_by(Audit.id).limit(BATCH)
    last = 0
    while True:
        with database.connect() as connection:
            batch = connection.execute(rows.where(Audit.id > last)).all()
        if not batch:
            return
        last = batch[-1].id
        yield [{**row._mapping, "at": round(row.at, 3)} for row in batch]
