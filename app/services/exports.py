"""All executions of a result as a file: read in batches, so that neither memory nor a read transaction grows with their number."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, select

from app.extensions import db
from app.models import Detail
from app.services import combinations, engines, results
from app.services.combinations import Combinations
from app.services.details import duration
from app.services.listing import batches_of

Cell = str | int | float | bool | None
Line = dict[str, Any]


def _time(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


COLUMNS: dict[str, Callable[[Any], Any]] = {
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
    "engine": lambda row: row.engine,
    "env": lambda row: row.env,
    "oom_killed": lambda row: row.oom_killed,
    "log_truncated": lambda row: row.log_truncated,
    "logs_incomplete": lambda row: row.logs_incomplete,
    "peak_memory": lambda row: row.peak_memory,
    "cpu_seconds": lambda row: _time(row.cpu_seconds),
    "last_line": lambda row: row.last_line,
    "logs_removed_at": lambda row: _time(row.logs_removed_at),
}
"""The columns and how each is made from a row: the fields of an execution in the API but `waits_for`, which is true only when it is asked."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that a spreadsheet would run instead of showing it; the signs of full width too."""


def as_csv(result_id: int) -> Iterator[str]:
    """Yield the executions of a result as CSV (RFC 4180, with a line of names), by index; raise NotThere where there is no such result.

    In place of `env` there is a column env.NAME for each name of the matrix. A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    plan = combinations.of(results.get(result_id))
    return _csv(_batches(db.engine, result_id, plan, engines.names()), list(plan.matrix))


def as_ndjson(result_id: int) -> Iterator[str]:
    """Yield the executions of a result as JSON, one a line, as the API answers them but for `waits_for`; raise NotThere where there is no such result."""
    batches = _batches(db.engine, result_id, combinations.of(results.get(result_id)), engines.names())
    return ("".join(json.dumps(line) + "\n" for line in batch) for batch in batches)


def _csv(batches: Iterator[list[Line]], names: list[str]) -> Iterator[str]:
    yield _lines([[cell for column in COLUMNS for cell in ([f"env.{name}" for name in names] if column == "env" else [column])]])
    for batch in batches:
        yield _lines(_cells(line, names) for line in batch)


def _cells(line: Line, names: list[str]) -> list[Cell]:
    """Return the cells of a line, one for each name of the matrix where `env` stands."""
    return [_plain(cell) for column, found in line.items() for cell in ([found[name] for name in names] if column == "env" else [found])]


def _lines(rows: Iterable[list[Cell]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _plain(cell: Cell) -> Cell:
    """Return a cell as a spreadsheet should show it; numbers stay what they are."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _batches(database: Engine, result_id: int, plan: Combinations, names: dict[int, str]) -> Iterator[list[Line]]:
    """Read on from the last index. Needs no application: it goes on after the view."""
    rows = select(*Detail.columns(), Detail.logs_removed_at).where(Detail.result_id == result_id)
    for batch in batches_of(database, rows, Detail.position, last=-1):
        whole = (SimpleNamespace(**row._asdict(), env=plan.at(row.position), engine=names[row.engine_id]) for row in batch)
        yield [{name: cell(row) for name, cell in COLUMNS.items()} for row in whole]
