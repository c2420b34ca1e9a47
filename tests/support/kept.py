"""For tests of retention: results that ended so many days ago, their logs as files, and an application with other limits."""

import os
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import update

from app.config import Keep
from app.extensions import db
from app.jobs import housekeeping
from app.models import Result, write
from app.states import Status
from tests.support.rows import result_row
from tests.support.stepping import run_jobs

DAY = 24 * 3600.0


def limit(app: Flask, keep: Keep) -> None:
    """Give the application these limits."""
    app.extensions["settings"] = replace(app.extensions["settings"], keep=keep)


def ended(task_id: int, days: float, times: int = 1) -> int:
    """Insert a result that ended so many days ago."""
    result_id = result_row(task_id, [(Status.COMPLETE, 0, 1)] * times)
    moment = time.time() - days * DAY
    with write() as session:
        session.execute(update(Result).where(Result.id == result_id).values(submitted_at=moment - 2, start=moment - 1, end=moment))
    return result_id


def live(task_id: int) -> int:
    """Insert a result that began long ago, and has an execution that runs still."""
    return result_row(task_id, [(Status.COMPLETE, 0, 1), (Status.RUNNING, 0, None)])


def log_file(app: Flask, result_id: int, kib: int = 8, name: str = "1-1.log") -> Path:
    """Write a file of so many KiB among the logs of a result."""
    path = Path(app.instance_path) / "logs" / str(result_id) / "0" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(kib * 1024))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path


def tidy() -> None:
    """Do the housekeeping, and the removals that it rings for."""
    db.session.rollback()
    housekeeping.tidy()
    run_jobs()
