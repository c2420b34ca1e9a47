"""The process dies by SIGKILL between a change and its row in the audit, or between both and the commit."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from flask import Flask

from app.config import ROOT
from tests.support.stepping import ready_task

DIES = """
import os, signal, sys
from pathlib import Path
from app import create_app
from app.config import Settings
from app.services import results

folder, when = sys.argv[1:]
application, note = create_app(Settings(instance=Path(folder))), results.note

def dying(*args, **more):
    if when == "after":
        note(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)

results.note = dying if when != "never" else note
client = application.test_client()
token = (Path(folder) / "admin-token").read_text().strip()
answer = client.post("/task/1/", json={"times": 50}, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k"})
sys.exit(0 if answer.status_code == 201 else 3)
"""


def counted(folder: str) -> tuple[int, int, int]:
    with closing(sqlite3.connect(Path(folder) / "estivador.db")) as record:
        queries = ("SELECT count(*) FROM result", "SELECT count(*) FROM detail", "SELECT count(*) FROM audit WHERE action = 'result.run'")
        return tuple(record.execute(query).fetchone()[0] for query in queries)


def test_a_change_and_its_row_are_both_there_or_neither(app: Flask) -> None:
    ready_task(app)
    for when in ("before", "after"):
        died = subprocess.run([sys.executable, "-c", DIES, app.instance_path, when], cwd=ROOT, check=False)
        assert died.returncode == -signal.SIGKILL
        assert counted(app.instance_path) == (0, 0, 0), when
    assert subprocess.run([sys.executable, "-c", DIES, app.instance_path, "never"], cwd=ROOT, check=False).returncode == 0
    assert counted(app.instance_path) == (1, 50, 1)
