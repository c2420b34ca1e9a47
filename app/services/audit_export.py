"""The audit as a file: read in batches, so that neither memory nor a read transaction grows with its rows."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from app.extensions import db
from app.models import Audit
from app.services.audit import conditions
from app.services.listing import batches_of


def as_ndjson(**filters: Any) -> Iterator[str]:
    """Yield the rows that are there now and that the filters of conditions() let through as JSON, one a line, oldest first.

    A line has the fields of the API, in their order: those of the row.
    """
    with db.engine.connect() as connection:
        newest = connection.execute(select(func.coalesce(func.max(Audit.id), 0))).scalar_one()
    rows = select(*Audit.columns()).where(*conditions(**filters), Audit.id <= newest)
    batches = batches_of(db.engine, rows, Audit.id)
    return ("".join(json.dumps({**row._mapping, "at": round(row.at, 3)}) + "\n" for row in batch) for batch in batches)
