"""What a user asks of tasks: register an image, import it again, change, delete, list, look."""

import time
from typing import Any

from sqlalchemy import select

from app.actions import Action, Kind
from app.engine import connection, images
from app.engine.errors import EngineError
from app.engine.references import parse
from app.errors import NameTaken, NotThere, Unfit, WrongState
from app.extensions import db
from app.jobs import context
from app.jobs.doorbell import ring
from app.jobs.images import import_image, may_ask
from app.models import Result, Task, move_task, note, write
from app.services import removal, secret_environment
from app.services.labels import of_tasks
from app.services.listing import Page, contains, page_of
from app.services.parameters import check, given
from app.services.registry_login import Login, keep
from app.states import TaskStatus

MOST_SUGGESTIONS = 200
PATIENCE = 2.0
"""Seconds the Engine has to say what is in its store."""


def register(
    repository: str,
    name: str | None = None,
    pull: str = "missing",
    description: str = "",
    parameters: dict[str, Any] | None = None,
    labels: dict[str, str] | None = None,
    login: Login | None = None,
) -> Task:
    """Register the image `repository` under `name` (default: the repository) and ask for its import.

    `pull` is missing, always or never; `parameters` are what its runs take by default; its `labels` go with each of them; `login` is for
    its registry. Raises BadReference for what is no image reference, NameTaken where a task has the name, Unfit where the settings do not
    allow the registry or the parameters, SecretsClosed where something secret can't be encrypted.
    """
    _refuse_registry(repository, pull)
    check(parameters or {}, context.settings())
    name = name or repository
    others, secret = secret_environment.apart(parameters or {})
    with write() as session:
        _refuse_taken(name)
        task = Task(
            name=name, repository=repository, pull=pull, status=TaskStatus.SUBMITTED, submitted_at=time.time(),
            description=description, parameters=given(others), labels=labels or {},
        )  # fmt: skip
        task.secret_env = secret.for_task({}, task.parameters)
        keep(task, login)
        session.add(task)
        session.flush()
        note(Action.TASK_REGISTER, Kind.TASK, task.id, f"{name} from {repository}")
        ring(import_image, task.id)
    return task


def _refuse_registry(repository: str, pull: str) -> None:
    """Raise Unfit where a pull might ask a registry that the settings do not name, BadReference for what is no image reference."""
    reference = parse(repository)
    if pull != "never" and not may_ask(reference):
        raise Unfit(
            f"Images from the registry {reference.registry} are not allowed here. Take one from {', '.join(context.settings().registries)}; "
            "an image that lies in the Engine's store already is taken with `pull` never."
        )


def _refuse_taken(name: str, but: int | None = None) -> None:
    """Raise NameTaken where a task other than `but` has the name."""
    holder = db.session.execute(select(Task.id).where(Task.name == name, Task.id != (but or 0))).scalar()
    if holder is not None:
        raise NameTaken(f"Task {holder} has the name {name!r} already: give another `name`, or run that task.")


def update(
    task_id: int,
    name: str | None = None,
    description: str | None = None,
    parameters: dict[str, Any] | None = None,
    labels: dict[str, str] | None = None,
    login: Login | None = None,
) -> Task:
    """Change what is given of a task; `parameters` takes the place of all its defaults, `labels` that of all its labels. Results keep theirs.

    Raises NotThere, NameTaken where another task has the name, Unfit where the settings do not allow the parameters, SecretsClosed where
    something secret can't be encrypted.
    """
    check(parameters or {}, context.settings())
    with write() as session:
        task = get(task_id)
        if name is not None and name != task.name:
            _refuse_taken(name, but=task_id)
            task.name = name
            # They answer the task's name.
            session.execute(db.update(Result).where(Result.task_id == task_id).values(revision=Result.revision + 1))
        if description is not None:
            task.description = description
        if parameters is not None:
            others, secret = secret_environment.apart(parameters)
            task.parameters = given(others)
            task.secret_env = secret.for_task(task.secret_env, task.parameters)
        if labels is not None:
            task.labels = labels
        keep(task, login)
        asked = {"name": name, "description": description, "parameters": parameters, "labels": labels, "login": login}
        fields = ", ".join(field for field, value in asked.items() if value is not None)
        note(Action.TASK_UPDATE, Kind.TASK, task_id, f"{fields or 'nothing'} of {task.name}")
    return task


def delete(task_id: int) -> None:
    """Delete a task with its results, their executions and logs; as for a result. Its image stays in the Engine's store until retention removes it.

    Raises NotThere, and WrongState while it is being imported, a result of it is live, or a container is still to be removed.
    """
    with write():
        removal.delete_task(get(task_id))


def import_again(task_id: int, pull: str | None = None, login: Login | None = None) -> Task:
    """Bring the task's image in again, by its policy or by `pull`, with its login or with `login`; both stay with it from now on.

    Runs that were submitted before keep the image they have. Raises NotThere, WrongState while it is imported, and Unfit where the settings do
    not allow its registry.
    """
    with write():
        task = get(task_id)
        if task.status not in (TaskStatus.READY, TaskStatus.ERROR):
            raise WrongState(f"Task {task_id} is {task.status}: its image is being imported already; wait until it is READY or ERROR.")
        _refuse_registry(task.repository, pull or task.pull)
        keep(task, login)
        move_task(task, "submit", pull=pull or task.pull, reason=None, message=None, progress=None)
        note(Action.TASK_IMPORT, Kind.TASK, task_id, f"pull {task.pull}, {task.name}")
        ring(import_image, task_id)
    return task


def get(task_id: int) -> Task:
    """Return a task; raise NotThere where there is none with this id."""
    task = db.session.get(Task, task_id)
    if task is None or task.deleted_at is not None:
        raise NotThere(f"There is no task {task_id}: GET /task/ lists them.")
    return task


def listing(
    page: int,
    page_size: int,
    status: list[str] | None = None,
    name: str | None = None,
    repository: str | None = None,
    text: str | None = None,
    label: list[str] | None = None,
) -> Page:
    """List tasks, newest first; `status` lets several through, `name` and `repository` are exact, `text` is part of either.

    `label` are NAME=VALUE, or NAME whatever its value, and all of them hold.
    """
    query = select(*Task.columns()).where(*of_tasks(label or ())).order_by(Task.id.desc())
    if status:
        query = query.where(Task.status.in_(status))
    if name is not None:
        query = query.where(Task.name == name)
    if repository is not None:
        query = query.where(Task.repository == repository)
    if text:
        query = query.where(contains(text, Task.name, Task.repository))
    return page_of(query, page, page_size)


def suggestions() -> list[str]:
    """Return references of images in the Engine's store, at most 200; none where it does not answer within 2 s."""
    try:
        return images.local_references(connection.client(context.settings().engine, PATIENCE))[:MOST_SUGGESTIONS]
    except EngineError:
        return []
