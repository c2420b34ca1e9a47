"""What becomes of a log that the Engine does not give: its container is just being removed, or it can't be read to its end."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from app.engine.logs import HEADER
from tests.support.engine_proxy import EngineProxy
from tests.support.estivador import Estivador
from tests.support.waiting import until

REMOVED = json.dumps({"message": "can not get logs from container which is dead or marked for removal"}).encode()
WORDS = b"Error grabbing logs: log message is too large (1835102823 > 1000000)\n"
LINE = b"2026-01-01T00:00:00.000000000Z told\n"
LOGS = "^GET .*/logs"
STREAM = "application/vnd.docker.multiplexed-stream"
BROKEN = HEADER.pack(1, len(LINE)) + LINE + HEADER.pack(3, len(WORDS)) + WORDS
UNREADABLE = "can't read the log of this execution"


@pytest.fixture
def held(watched: Estivador, busybox_image: str) -> Iterator[tuple[Estivador, str]]:
    """An execution that runs and has said something, and its address; no consumer looks at it."""
    consumer = watched.start_consumer()
    result_id = watched.run(watched.register(busybox_image), command=["sh", "-c", "echo told; exec sleep 600"])
    path = f"/result/{result_id}/detail/{watched.details(result_id)[0]['detail_id']}/"
    until(lambda: watched.request("GET", f"{path}log/").text == "told\n", 60, "it has said something")
    watched.end(consumer)
    yield watched, path
    watched.start_consumer()
    watched.post(f"/result/{result_id}/", {"operation": "KILL"})
    watched.until_ended(result_id)


def fragment(place: Estivador, path: str) -> requests.Response:
    """GET a part of a page as somebody who is signed in."""
    return place.person.get(place.url(path), timeout=30)


def test_a_log_whose_container_is_just_being_removed_is_the_stored_one(held: tuple[Estivador, str], engine_proxy: EngineProxy) -> None:
    """The Engine answers 409 between the consumer's copy and its removal of the container: who read the row before that asks it still."""
    place, path = held
    refused = engine_proxy.answer(LOGS, 409, REMOVED, times=3)
    answer = place.request("GET", f"{path}log/")
    assert (answer.status_code, answer.text) == (200, "")
    assert 'class="log"' in place.page(f"/ui{path}")
    assert fragment(place, f"/ui{path}log/tail?after=1&time=2026-01-01T00:00:00.000000000Z&same=1").status_code == 204
    assert refused.times == 0
    with closing(sqlite3.connect(place.folder / "estivador.db")) as record:
        (result_id, detail_id, attempt) = record.execute("SELECT result_id, id, attempt FROM detail").fetchone()
    stored = place.folder / "logs" / str(result_id) / "0" / f"{detail_id}-{attempt}.log"
    stored.parent.mkdir(parents=True, exist_ok=True)
    begun = engine_proxy.answer(LOGS, 409, REMOVED)
    # It is stored while the Engine is being asked, as the copying job does it.
    begun.on_answer = lambda: stored.write_bytes(HEADER.pack(1, len(LINE)) + LINE)
    assert place.request("GET", f"{path}log/").text == "told\n"
    stored.unlink()


def test_a_log_that_the_engine_cant_read_is_said_to_be_so(held: tuple[Estivador, str], engine_proxy: EngineProxy) -> None:
    place, path = held
    only_words = HEADER.pack(3, len(WORDS)) + WORDS
    for trouble in (lambda: engine_proxy.answer(LOGS, 200, only_words, kind=STREAM), lambda: engine_proxy.answer(LOGS, 500, b'{"message": "secret words"}')):
        trouble()
        answer = place.request("GET", f"{path}log/")
        assert (answer.status_code, UNREADABLE in answer.json()["message"], "Retry-After" in answer.headers) == (503, True, True)
        trouble()
        assert UNREADABLE in place.page(f"/ui{path}").replace("&#39;", "'")
        trouble()
        assert fragment(place, f"/ui{path}log/tail?after=1&time=2026-01-01T00:00:00.000000000Z&same=1").status_code == 204
        trouble()
        assert fragment(place, f"/ui{path}log/before?line=5").status_code == 503
        trouble()
        assert fragment(place, f"/ui{path}log/").status_code == 503
    # In the middle: what asks for a part is told before it gets any; who gets all of it as it comes gets a body that breaks off.
    engine_proxy.answer(LOGS, 200, BROKEN, kind=STREAM, times=2)
    assert place.request("GET", f"{path}log/", headers={"Range": "bytes=0-1"}).status_code == 503
    engine_proxy.answer(LOGS, 200, BROKEN, kind=STREAM)
    with pytest.raises(requests.RequestException):
        place.request("GET", f"{path}log/")
    assert "log message is too large" in place.said("gunicorn")
    assert place.request("GET", f"{path}log/").text == "told\n"


def test_of_a_log_that_the_engine_cant_read_to_its_end_what_it_can_is_stored(watched: Estivador, engine_proxy: EngineProxy, busybox_image: str) -> None:
    watched.start_consumer()
    task_id = watched.register(busybox_image)
    for body, log in ((BROKEN, "told\n"), (HEADER.pack(3, len(WORDS)) + WORDS, "")):
        engine_proxy.answer(LOGS, 200, body, kind=STREAM)
        result_id = watched.run(task_id, command=["sh", "-c", "echo told; echo more; exit 3"])
        watched.until_ended(result_id)
        (detail,) = watched.details(result_id)
        assert (detail["exit_code"], detail["reason"], detail["logs_incomplete"]) == (3, "exit", True)
        assert watched.log(detail) == log
        assert "Some of the output was lost" in watched.page(f"/ui/result/{result_id}/detail/{detail['detail_id']}/")
    said = watched.said("huey_consumer")
    assert "in part only: Error grabbing logs: log message is too large" in said
    assert "could not be copied: Error grabbing logs: log message is too large" in said
