"""A record that somebody else writes for long: a job gives up, in a line, and what it was for is done later."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from app.extensions import huey
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.executions import launch
from app.models import Detail
from app.states import Phase
from tests.support.stepping import submitted


def test_a_job_that_finds_the_record_busy_gives_up_and_says_so_in_a_line(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    submitted(app, 1)
    with closing(sqlite3.connect(Path(app.instance_path) / "estivador.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        huey.execute(launch.s(LOCAL_ENGINE))
        other.execute("ROLLBACK")
    assert "launch(1,) gave up, as the record was busy: it is rung for again" in caplog.text
    assert "Traceback" not in caplog.text
    with app.app_context():
        assert [detail.phase for detail in Detail.query] == [Phase.WAITING]
