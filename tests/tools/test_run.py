"""`make run`, as its users know it: it stays up, brings back what dies, and ends whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import ROOT
from tests.support.estivador import Estivador
from tests.support.waiting import until


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Estivador]:
    estivador = Estivador(tmp_path / "instance")
    yield estivador
    estivador.close()


def start(place: Estivador) -> subprocess.Popen[bytes]:
    place.folder.mkdir()
    environment = {**{name: value for name, value in os.environ.items() if not name.startswith("ESTIVADOR_")}, **place.environment}
    with (place.folder / "run.out").open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "tools.run"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    place.processes.append(process)
    until(lambda: process.poll() is not None or place._healthy(), 60, "the web side answers")
    assert process.poll() is None, place.said("run.out")
    return process


def consumer_pid(place: Estivador) -> int:
    return int(place.rows("SELECT pid FROM consumer ORDER BY started_at DESC LIMIT 1")[0][0])


def ready(place: Estivador) -> bool:
    return place.request("GET", "/ready/").status_code == 200


def test_a_killed_consumer_is_back_within_seconds_and_the_web_side_does_not_notice(place: Estivador, busybox_image: str) -> None:
    run = start(place)
    until(lambda: ready(place), 60, "everything is ready")
    first = consumer_pid(place)
    result_id = place.run(place.register(busybox_image), times=3, command="sleep 2")
    os.kill(first, signal.SIGKILL)
    until(lambda: consumer_pid(place) != first, 60, "another consumer is alive")
    assert place.until_ended(result_id)["counts"]["COMPLETE"] == 3
    until(lambda: not place.rows("SELECT 1 FROM detail WHERE phase != 'REMOVED'"), 60, "no container is left")
    last = consumer_pid(place)
    place.end(run, signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)
    assert not place._healthy()


def test_a_port_that_is_taken_is_named_before_anything_starts(place: Estivador) -> None:
    place.start_web()
    done = subprocess.run(
        [sys.executable, "-m", "tools.run"], cwd=ROOT, env={**os.environ, **place.environment}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "ESTIVADOR_PORT" in done.stdout + done.stderr


def test_nonsense_in_a_variable_stops_the_start_and_names_it(place: Estivador) -> None:
    environment = {**os.environ, **place.environment, "ESTIVADOR_SLOTS": "many"}
    for command in (["-m", "tools.run"], ["-m", "flask", "--app", "wsgi", "prepare"]):
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert "ESTIVADOR_SLOTS" in done.stdout + done.stderr
