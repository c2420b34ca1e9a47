"""What a user asks of tasks: register an image, import it again, list, look."""

import time

from sqlalchemy import select

from app.engine.references import parse
from app.errors import NameTaken, NotThere, WrongState
from app.extensions import db
from app.jobs.doorbell import ring
from app.jobs.images import import_image
from app.models import Task, move_task, write
from app.services.listing import Page, page_of
from app.states import TaskStatus


def register(repository: str, name: str | None = None, pull: str = "missing") -> Task:
    """Register the image `repository` under `name` (default: the repository) and ask for its import.

    `pull` is missing, always or never. Raises BadReference for what is no image reference, NameTaken where a task has the name.
    """
    parse(repository)
    name = name or repository
    with write() as session:
        holder = session.execute(select(Task.id).where(Task.name == name)).scalar()
        if holder is not None:
            raise NameTaken(f"Task {holder} has the name {name!r} already: give another `name`, or run that task.")
        task = Task(name=name, repository=repository, pull=pull, status=TaskStatus.SUBMITTED, submitted_at=time.time())
        session.add(task)
        session.flush()
        ring(import_image, task.id)
    return task


def import_again(task_id: int, pull: str | None = None) -> Task:
    """Bring the task's image in again, by its policy or by `pull`; runs that were submitted before keep the image they have."""
    with write():
        task = get(task_id)
        if task.status not in (TaskStatus.READY, TaskStatus.ERROR):
            raise WrongState(f"Task {task_id} is {task.status}: its image is being imported already; wait until it is READY or ERROR.")
        move_task(task, "submit", pull=pull or task.pull, reason=None, message=None, progress=None)
        ring(import_image, task_id)
    return task


def get(task_id: int) -> Task:
    """Return a task; raise NotThere where there is none with this id."""
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotThere(f"There is no task {task_id}: GET /task/ lists them.")
    return task


def listing(page: int, page_size: int, status: list[str] | None = None, name: str | None = None, repository: str | None = None) -> Page:
    """List tasks, newest first; `status` lets several through, `name` and `repository` are exact."""
    query = select(*Task.__table__.columns).order_by(Task.id.desc())
    if status:
        query = query.where(Task.status.in_(status))
    if name is not None:
        query = query.where(Task.name == name)
    if repository is not None:
        query = query.where(Task.repository == repository)
    return page_of(query, page, page_size)
