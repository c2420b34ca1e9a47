"""Deleting results and tasks: each is marked in one short transaction and is not there from then on; a job removes the rows and the logs."""

import time
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, select, update

from app.actions import Action, Kind
from app.errors import NotThere, WrongState
from app.extensions import db
from app.jobs import removal
from app.jobs.doorbell import ring
from app.models import Detail, Result, Task, note, note_each, write
from app.services.result_filters import conditions
from app.states import LIVE, TaskStatus

BY_FILTER = ", selected by a filter"
"""What the audit says of each of the results that a filter selected."""


def delete_result(result: Result) -> None:
    """Delete an ended result; raise WrongState where it is live, or where a container of it is still to be removed."""
    with write():
        _refuse_live(Result.id == result.id)
        _refuse_containers(Detail.result_id == result.id)
        note(Action.RESULT_DELETE, Kind.RESULT, result.id, f"of task {result.task_id}, times {result.times}")
        if removal.mark(Result.id == result.id) == (0, 0):
            raise NotThere(f"There is no result {result.id}: GET /result/ lists them.")


def delete_task(task: Task) -> None:
    """Delete a task with all its results; its name is free at once.

    Raises WrongState while it is being imported, a result of it is live, or a container of one is still to be removed.
    """
    with write() as session:
        if task.status in (TaskStatus.SUBMITTED, TaskStatus.IMPORTING):
            raise WrongState(f"Task {task.id} is {task.status}: delete it once its import has ended, READY or ERROR.")
        _refuse_live(Result.task_id == task.id)
        _refuse_containers(Detail.task_id == task.id)
        note(Action.TASK_DELETE, Kind.TASK, task.id, task.name)
        removal.mark(Result.task_id == task.id)
        session.execute(update(Task).where(Task.id == task.id).values(_nothing_left_of(task.id)).execution_options(synchronize_session=False))
        session.expire_all()
        ring(removal.remove_results)


def _nothing_left_of(task_id: int) -> dict[str, Any]:
    """Return what a deleted task's row keeps while results or images of it are still to be removed: a name that no user can give, and no secret."""
    kept: dict[str, Any] = {"name": f"\N{DELETE}{task_id}", "deleted_at": time.time(), "description": "", "message": None, "parameters": {}}
    return kept | {"labels": {}, "secret_env": {}, "registry_username": None, "registry_password": None}


def _refuse_live(which: ColumnElement[bool]) -> None:
    live = db.session.execute(select(Result.id, Result.status).where(which, Result.status.in_(LIVE)).limit(1)).first()
    if live is not None:
        raise WrongState(f'Result {live.id} is {live.status}: POST {{"operation": "KILL"}} to /result/{live.id}/, and delete it once it has ended.')


def _refuse_containers(which: ColumnElement[bool]) -> None:
    left = removal.containers_left(which)
    if left is not None:
        raise WrongState(f"A container of result {left} is still to be removed from the Docker Engine: try again in a few seconds, once it is.")


def delete_selected(*, expect: int, **filters: Any) -> int:
    """Delete every ended result that the filters of result_filters.conditions() select; return how many it was.

    Raises WrongState, and deletes nothing, where they are not `expect`. One that has a container still to be removed does not count.
    """
    which = _selected(filters)
    with write() as session:
        number = session.execute(select(func.count()).select_from(Result).where(which, *removal.DELETABLE)).scalar_one()
        if number != expect:
            raise WrongState(f"The filters select {number} ended results now, not {expect}: look again, and send {number} as `expect` if you mean them.")
        if number:
            about = literal("of task ") + cast(Result.task_id, String) + ", times " + cast(Result.times, String) + BY_FILTER
            note_each(Action.RESULT_DELETE, Kind.RESULT, Result.id, about, which, *removal.DELETABLE, Result.deleted_at.is_(None))
            removal.mark(which)
    return number


def count_selected(**filters: Any) -> tuple[int, int]:
    """Return how many results delete_selected() would delete now, and how many executions go with them."""
    counts = select(func.count(), func.coalesce(func.sum(Result.times), 0)).where(_selected(filters), *removal.DELETABLE)
    number, times = db.session.execute(counts).one()
    return number, times


def _selected(filters: dict[str, Any]) -> ColumnElement[bool]:
    return Result.id.in_(select(Result.id).join(Task, Task.id == Result.task_id).where(*conditions(**filters)))


def touch(result_id: int) -> None:
    """Raise the revision of a result whose answer changes by something that is no move."""
    with write() as session:
        session.execute(update(Result).where(Result.id == result_id).values(revision=Result.revision + 1))
