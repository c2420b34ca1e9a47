"""Labels of tasks and of results: which ones a result has, and what is found by them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select

from app.errors import Unfit
from app.extensions import db
from app.models import Result, ResultLabel, Task
from app.services.parameters import MOST_LABELS


def over(task: Task, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a run's parameters with the task's labels under its own; raise Unfit where they are too many together."""
    labels = {**task.labels, **parameters.get("labels", {})}
    if len(labels) > MOST_LABELS:
        raise Unfit(f"`labels`: Are {len(labels)} with the task's own and its defaults; at most {MOST_LABELS} are allowed. Leave some out.")
    return {**parameters, "labels": labels} if labels else parameters


def keep(result: Result) -> None:
    """Write the labels of a result that has just been added where they are found; in the transaction that is open."""
    rows = [{"result_id": result.id, "name": name, "value": value} for name, value in result.parameters.get("labels", {}).items()]
    if rows:
        db.session.execute(insert(ResultLabel), rows)


def of_results(asked: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return what labels ask of a result, each NAME=VALUE, or NAME whatever its value: it has them all."""
    found: list[ColumnElement[bool]] = []
    for text in asked:
        name, has_value, value = text.partition("=")
        rows = select(ResultLabel.result_id).where(ResultLabel.name == name)
        found.append(Result.id.in_(rows.where(ResultLabel.value == value) if has_value else rows))
    return found


def of_tasks(asked: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the same of a task."""
    each = func.json_each if db.engine.dialect.name == "sqlite" else func.json_each_text
    found: list[ColumnElement[bool]] = []
    for text in asked:
        name, has_value, value = text.partition("=")
        pairs = each(Task.labels).table_valued("key", "value")
        row = select(pairs.c.key).where(pairs.c.key == name)
        found.append((row.where(pairs.c.value == value) if has_value else row).exists())
    return found
