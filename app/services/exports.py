"""All executions of a result as a file: read in batches, so that neither memory nor a read transaction grows with their number."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, Row, Select, select

from app.extensions import db
from app.models import Detail
from app.services import results
from app.services.details import duration

BATCH = 2_000
"""Executions that are read at once."""

Cell = str | int | float | bool | None


def _time(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


COLUMNS: dict[str, Callable[[Row[Any]], Cell]] = {
    "result_id": lambda row: row.result_id,
    "task_id": lambda row: row.task_id,
    "status": lambda row: row.status,
    "submitted_at": lambda row: _time(row.submitted_at),
    "start": lambda row: _time(row.start),
    "end": lambda row: _time(row.end),
    "duration": lambda row: duration(row.start, row.end),
    "detail_id": lambda row: row.id,
    "index": lambda row: row.position,
    "attempt": lambda row: row.attempt,
    "exit_code": lambda row: row.exit_code,
    "reason": lambda row: row.reason,
    "message": lambda row: row.message,
    "container_id": lambda row: row.container_id,
    "image_id": lambda row: row.image_id,
    "oom_killed": lambda row: row.oom_killed,
    "log_truncated": lambda row: row.log_truncated,
    "logs_incomplete": lambda row: row.logs_incomplete,
    "logs_removed_at": lambda row: _time(row.logs_removed_at),
}
"""The columns, which are the fields of an execution in the API, and how each is made from a row."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet would run instead of showing it."""


def as_csv(result_id: int) -> Iterator[str]:
    """Yield the executions of a result as CSV (RFC 4180, with a line of names), by index; raise NotThere where there is no such result.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    results.get(result_id)
    return _csv(_batches(db.engine, result_id))


def as_ndjson(result_id: int) -> Iterator[str]:
    """Yield the executions of a result as JSON, one a line, as the API answers them; raise NotThere where there is no such result."""
    results.get(result_id)
    return ("".join(json.dumps(line) + "\n" for line in batch) for batch in _batches(db.engine, result_id))


def _csv(batches: Iterator[list[dict[str, Cell]]]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for batch in batches:
        text = io.StringIO()
        csv.writer(text).writerows([_plain(cell) for cell in line.values()] for line in batch)
        yield text.getvalue()


def _plain(cell: Cell) -> Cell:
    """Return a cell as a spreadsheet should show it; numbers stay what they are."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _batches(database: Engine, result_id: int) -> Iterator[list[dict[str, Cell]]]:
    """Read on from the last index, each batch on a connection that is given back at once. Needs no application: it goes on after the view."""
    rows: Select[Any] = select(*Detail.columns(), Detail.logs_removed_at).where(Detail.result_id == result_id).order_by(Detail.position).limit(BATCH)
    last = -1
    while True:
        with database.connect() as connection:
            batch = connection.execute(rows.where(Detail.position > last)).all()
        if not batch:
            return
        last = batch[-1].position
        yield [{name: cell(row) for name, cell in COLUMNS.items()} for row in batch]
