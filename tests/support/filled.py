"""A record in which each kind of thing is there, in each state, without an Engine having been asked."""

import time
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from app.engine.logs import STDERR, STDOUT, Frame
from app.extensions import db
from app.logstore import LogStore
from app.models import Attempt, Consumer, Task, write
from app.roles import Role
from app.services import results, tasks, tokens
from app.services.registry_login import Login
from app.states import Status, TaskStatus
from tests.support.failed import failed, known
from tests.support.rows import SUBMITTED, result_row
from tests.support.stepping import empty_queue, ready_task

DEFAULTS: dict[str, Any] = {"env": {"GREETING": "hello"}, "secret_env": {"PASSWORD": "secret"}, "timeout": 60, "retries": 1, "labels": {"team": "sea"}}
ALL: dict[str, Any] = {
    "command": ["sh", "-c", "echo $SEED"], "matrix": {"SEED": ["1", "2"]}, "memory": "512m", "cpus": 1.5, "user": "1000:1000", "workdir": "/work",
    "retry_on": [75, "oom"], "max_failures": 2, "priority": 5, "labels": {"run": "first"},
}  # fmt: skip
LOG = [Frame(STDOUT, b"2026-01-01T00:00:00.000000001Z", b"one\n"), Frame(STDERR, b"2026-01-01T00:00:01.000000001Z", b"\x1b[31mtwo\xff\n")]
ENDED = [(Status.COMPLETE, 1.0, 3.0), (Status.ERROR, 1.5, 2.25), (Status.ERROR, None, 2.0), (Status.CANCELLED, None, 4.0), (Status.KILLED, 2.0, 4.5)]
LIVE = [(Status.RUNNING, 1.0, None), (Status.QUEUED, None, None)]
UNREADY: dict[TaskStatus, dict[str, Any]] = {
    TaskStatus.SUBMITTED: {},
    TaskStatus.IMPORTING: {"progress": {"layers": 3, "layers_done": 1, "bytes": 2048, "bytes_done": 512}},
    TaskStatus.ERROR: {"reason": "image_not_found", "message": "The registry does not know it."},
}


def fill(app: Flask) -> None:
    """Put it there: tasks 1 (which can run) to 4; results 1 and 2, which have ended, 3, which waits, and 4, which runs; tokens of each role."""
    ready_task(app)
    with app.app_context():
        tasks.update(1, description="What it is for", parameters=DEFAULTS, labels={"area": "port"}, login=Login("somebody", "password"))
        for status, values in UNREADY.items():
            other = tasks.register(f"registry.example/{status.lower()}:1")
            with write() as session:
                session.execute(update(Task).where(Task.id == other.id).values(status=status, **values))
        _ended(app.extensions["log_store"])
        result_row(1, [(Status.COMPLETE, 2.0, 3.0), (Status.COMPLETE, 2.0, 5.0)])
        results.submit(1, 2, ALL)
        result_row(1, LIVE)
        for role in Role:
            tokens.create(f"a {role}", role, days=30)
        with write() as session:
            session.add(Consumer(id="here", host="here", pid=1, started_at=time.time(), seen_at=time.time() + 3600))
        db.session.remove()
    empty_queue()


def _ended(logs: LogStore) -> None:
    """Result 1, whose second execution was tried twice; the log of the first is there."""
    result = result_row(1, ENDED)
    known(result, container_id="c" * 64, exit_code=0, log_truncated=False, logs_incomplete=False, oom_killed=False, peak_memory=1 << 20, cpu_seconds=0.25)
    failed(result, 1, line="no cargo")
    failed(result, 2, exit_code=None, reason="engine_error")
    known(result, 1, attempt=2)
    with write() as session:
        session.execute(insert(Attempt).values(detail_id=2, number=1, reason="oom", exit_code=137, start=SUBMITTED, end=SUBMITTED + 1))
    for attempt in (1, 2):
        logs.save((result, attempt, attempt), LOG)
