"""For tests in one process: a task that is READY without an Engine having been asked, by the moves alone."""

from flask import Flask
from sqlalchemy import select

from app.extensions import db, huey
from app.models import Detail, Task, move_task
from app.services import results, tasks

IMAGE = "sha256:" + "1" * 64


def ready_task(app: Flask, name: str = "tool") -> int:
    """Register a task and carry it to READY."""
    with app.app_context():
        task = tasks.register(name)
        move_task(task, "import")
        move_task(task, "ready", image_id=IMAGE)
        return task.id


def submitted(app: Flask, times: int = 3) -> int:
    """Submit a result whose executions all wait."""
    task_id = ready_task(app, f"tool{times}")
    with app.app_context():
        return results.submit(task_id, times).id


def details_of(result_id: int) -> list[Detail]:
    """The executions of a result, by index."""
    return list(db.session.execute(select(Detail).where(Detail.result_id == result_id).order_by(Detail.position)).scalars())


def empty_queue() -> None:
    """Throw all messages away."""
    huey.flush()


def run_jobs() -> None:
    """Run every job that is rung for, and those that they ring for, in this thread; the Engine's ones are thrown away."""
    while (job := huey.dequeue()) is not None:
        if job.name not in ("launch", "advance", "import_image"):
            huey.execute(job)
    db.session.rollback()  # what is read next is what the jobs left


def task_of(task_id: int) -> Task:
    """Return the row."""
    return db.session.get_one(Task, task_id)
