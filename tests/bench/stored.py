"""What is stored while pages are measured: 100,000 executions of 60 tasks over the last week, written as rows at once.

Nothing follows them: where no consumer runs, a row that is live stays as it is until the bench changes it.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from app import create_app
from app.config import Settings
from app.engine.logs import Frame
from app.extensions import db
from app.logstore import LogStore
from app.models import withdraw_waiting
from app.services.removal import touch
from app.services.setup import prepare
from app.states import Reason, Status
from tests.support.rows import SUBMITTED, Execution, result_row, task_row

LARGE, WAITING, RUNNING = 10_000, 2_000, 8
TASKS, EACH, SMALL = 60, 5, 100
REST = 50_000
LINES = 50_000
STEP = 1800
"""Seconds from one result to the next."""
LIKE_REAL = (
    "UPDATE result SET submitted_at = submitted_at + {shift}, start = start + {shift}, \"end\" = \"end\" + {shift} FROM (SELECT max(id) AS last FROM result) AS newest",
    "UPDATE detail SET submitted_at = submitted_at + {shift}, start = start + {shift}, \"end\" = \"end\" + {shift} FROM (SELECT max(id) AS last FROM result) AS newest",
    "UPDATE detail SET container_id = lower(hex(randomblob(32))) WHERE start IS NOT NULL",
    "UPDATE detail SET exit_code = 0, reason = 'exit' WHERE status = 'COMPLETE'",
    "UPDATE detail SET exit_code = 3, reason = 'exit' WHERE status = 'ERROR'",
    "UPDATE detail SET exit_code = 137, reason = 'killed' WHERE status = 'KILLED'",
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """The numbers of what was written, and the application it was written by."""

    app: Flask
    task: int
    """Has run five times."""
    small: int
    """A result of 100 executions that ended."""
    large: int
    """A result of 10,000 executions that ended."""
    live: int
    """A result of 10,000 executions, of which 2,000 wait and 8 run."""
    idle: int
    """A result of 20 executions that is live, and that nobody changes."""
    falling: int
    """A result of 200 executions that wait."""
    logged: tuple[int, int]
    """Result and execution whose stored log has 50,000 lines."""

    def waiting(self, result: int) -> list[int]:
        """Return the ids of a result's executions that wait."""
        with self.app.app_context():
            return _standing(result, Status.QUEUED)

    def cancel(self, result: int, detail: int) -> None:
        """Cancel one waiting execution by the application's own move; it is committed when this returns."""
        with self.app.app_context():
            assert withdraw_waiting(result, Reason.CANCELLED, "The bench cancelled it.", detail) == 1

    def cancel_all(self, result: int) -> None:
        """Cancel all of a result's waiting executions at once."""
        with self.app.app_context():
            withdraw_waiting(result, Reason.CANCELLED, "The bench cancelled it.")

    def touch(self, result: int) -> None:
        """Raise a result's revision, so that nothing that is remembered of it is of use."""
        with self.app.app_context():
            touch(result)


def sow(folder: Path) -> Stored:
    """Write it all into a new instance."""
    settings = Settings(instance=folder)
    app = create_app(settings)
    with app.app_context():
        prepare(settings)
        stored = _rows(app)
        _make_like_real()
        LogStore(settings.instance / "logs", settings.log_cap).save((*stored.logged, 1), log())
    return stored


def _rows(app: Flask) -> Stored:
    chance = random.Random(1)
    tasks = [task_row(f"tool-{number}") for number in range(TASKS)]
    result_row(tasks[0], _executions(chance, REST))
    for task in tasks * EACH:
        small = result_row(task, _executions(chance, SMALL))
    large = result_row(tasks[1], _executions(chance, LARGE))
    live = result_row(tasks[2], _executions(chance, LARGE, RUNNING, WAITING))
    idle = result_row(tasks[3], _executions(chance, 20, RUNNING, 4))
    falling = result_row(tasks[4], [(Status.QUEUED, None, None)] * 200)
    return Stored(app, tasks[1], small, large, live, idle, falling, (small, _standing(small, Status.COMPLETE)[0]))


def _executions(chance: random.Random, times: int, running: int = 0, waiting: int = 0) -> Iterator[Execution]:
    """Make up executions that began one after the other; the last ones run or wait."""
    for index in range(times):
        start = index * 0.15 + chance.random()
        end = start + chance.lognormvariate(1, 0.6)
        status = chance.choices([Status.COMPLETE, Status.ERROR, Status.KILLED], [0.95, 0.04, 0.01])[0]
        if index >= times - waiting:
            yield Status.QUEUED, None, None
        elif index >= times - waiting - running:
            yield Status.RUNNING, start, None
        else:
            yield status, start, end


def _make_like_real() -> None:
    """Move the results into the last week, half an hour apart, and give executions what an end leaves: ids and codes."""
    for statement in LIKE_REAL:
        owner = "detail.result_id" if statement.startswith("UPDATE detail") else "result.id"
        shift = f"({time.time() - SUBMITTED - STEP} - (newest.last - {owner}) * {STEP})"
        db.session.execute(text(statement.format(shift=shift)))
    db.session.commit()


def log(lines: int = LINES) -> Iterator[Frame]:
    """Make up a log; each tenth line has a colour."""
    for number in range(1, lines + 1):
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_700_000_000 + number // 1000))
        word = "\x1b[31mwarning\x1b[0m" if number % 10 == 0 else "cargo"
        yield Frame(1, f"{when}.{number % 1000:03}000000Z".encode(), f"{word} {number} of {lines} is on board <hold & deck>\n".encode())


def _standing(result: int, status: Status) -> list[int]:
    """Return the ids of a result's executions that stand in a status, by index."""
    query = text("SELECT id FROM detail WHERE result_id = :result AND status = :status ORDER BY position")
    return list(db.session.execute(query, {"result": result, "status": status}).scalars())
