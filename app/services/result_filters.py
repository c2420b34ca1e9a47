"""Which results a list, or an operation on many, is about: what each filter asks of a result and its task."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.models import Result, Task
from app.services import labels
from app.services.listing import contains

HALF = 0.000501
"""Seconds to either side of a time that is shown in milliseconds from which it may have been rounded; a float's own error of a microsecond is in it."""
_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)


def listed() -> Select[Any]:
    """Select all columns of the results with their `task_name`, newest first; the filters' conditions go with it."""
    return select(*Result.columns(), Task.name.label("task_name")).join(Task, Task.id == Result.task_id).order_by(Result.id.desc())


def conditions(
    status: list[str] | None = None,
    task_id: int | None = None,
    from_: float | None = None,
    to: float | None = None,
    text: str | None = None,
    label: list[str] | None = None,
    image_id: str | None = None,
) -> list[ColumnElement[bool]]:
    """Return what the filters ask of a result and its task.

    `status` lets several through; `from_` and `to` are epoch seconds of the submission, both inclusive; `text` is part of the task's
    name or repository, or a result's id (12 or #12); `label` are NAME=VALUE, or NAME whatever its value, and all of them hold.
    """
    found = labels.of_results(label or ())
    if status:
        found.append(Result.status.in_(status))
    if task_id is not None:
        found.append(Result.task_id == task_id)
    if image_id is not None:
        found.append(Result.image_id == image_id)
    if from_ is not None:
        # Answers show it to the millisecond: who sends back a time that was shown means that result too.
        found.append(Result.submitted_at >= from_ - HALF)
    if to is not None:
        found.append(Result.submitted_at <= to + HALF)
    if text:
        number = _NUMBER.fullmatch(text.strip())
        found.append(or_(contains(text.strip(), Task.name, Task.repository), Result.id == (int(number[1]) if number else 0)))
    return found
