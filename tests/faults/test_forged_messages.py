"""Somebody writes into the queue file: what is not signed with the queue's key is never unpickled, and real work goes on."""

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from huey.registry import Message
from huey.serializer import SignedSerializer

from app import create_app
from app.config import Settings
from app.extensions import huey
from app.files import BadKey
from tests.support.estivador import Estivador
from tests.support.stepping import submitted
from tests.support.waiting import until

REFUSED = "a message in the queue was refused"
LAUNCH = "app.jobs.executions.launch"


class Canary:
    """Its pickle makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def forged(canary: Path, real: bytes) -> dict[str, object]:
    """What a forger may try, with a real message at hand."""
    evil = pickle.dumps(Canary(canary))
    signature = real.rpartition(b":")[2]
    return {
        "not signed": evil,
        "signed with another key": SignedSerializer("another key", salt=huey.name).serialize(Canary(canary)),
        "signed with the digest of nothing": SignedSerializer(bytes(32), salt=huey.name).serialize(Canary(canary)),
        "with the signature of another message": evil + b":" + signature,
        "with an empty signature": evil + b":",
        "with a longer signature": evil + b":" + signature + b"00",
        "a real one, cut at its end": real[:-1],
        "a real one, without its signature": real.rpartition(b":")[0],
        "a real one, with one byte changed": bytes([real[0] ^ 1]) + real[1:],
        "of before the upgrade": pickle.dumps(Message("1", LAUNCH, args=(1,), kwargs={}, retries=0, retry_delay=0)),
        "nothing": b"",
        "text": "text:text",
        "a number": 7,
    }


def put(place: Estivador, forgeries: dict[str, object]) -> None:
    """Write them into every table of the queue file that a consumer reads."""
    with closing(sqlite3.connect(place.folder / "queue.db", timeout=10)) as queue, queue:
        for number, data in enumerate(forgeries.values()):
            queue.execute("INSERT INTO task (queue, data, priority) VALUES (?, ?, ?)", (huey.name, data, 100 - 20 * number))
            queue.execute("INSERT INTO schedule (queue, data, timestamp) VALUES (?, ?, 0)", (huey.name, data))
        for key in ("rt:app.jobs.executions.launch", "rt:app.jobs.executions.advance", "rt:app.jobs.images.import_image", "rt:app.jobs.housekeeping.tidy"):
            queue.execute("INSERT INTO kv (queue, key, value) VALUES (?, ?, ?)", (huey.name, key, forgeries["not signed"]))


def messages(place: Estivador, table: str = "task") -> list[bytes]:
    with closing(sqlite3.connect(place.folder / "queue.db", timeout=10)) as queue:
        return [row[0] for row in queue.execute(f"SELECT data FROM {table}")]


def names() -> list[str]:
    """Take all there is out of the queue, as a consumer does."""
    return [job.name for job in iter(huey.dequeue, None)]


def test_a_forged_message_is_never_read_and_real_work_goes_on(instance: Estivador, busybox_image: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickle.loads(pickle.dumps(Canary(canary)))
    assert canary.exists()
    canary.unlink()
    task_id = instance.post("/task/", {"repository": busybox_image})["task_id"]
    forgeries = forged(canary, messages(instance)[0])
    put(instance, forgeries)
    instance.start_consumer()
    instance.until_task(task_id, lambda task: task["status"] == "READY")
    put_again = {name: data for name, data in forgeries.items() if isinstance(data, bytes)}
    with closing(sqlite3.connect(instance.folder / "queue.db", timeout=10)) as queue, queue:
        queue.executemany("INSERT INTO task (queue, data, priority) VALUES (?, ?, 100)", [(huey.name, data) for data in put_again.values()])
    result = instance.until_ended(instance.run(task_id, times=3, command=["true"]))
    assert result["counts"]["COMPLETE"] == 3
    until(lambda: not messages(instance, "schedule") and not messages(instance), 60, "the queue is empty")
    said = instance.said("huey_consumer")
    assert said.count(REFUSED) == 2 * len(forgeries) + len(put_again)
    assert ("Traceback" in said, "Canary" in said, canary.exists()) == (False, False, False)


def test_a_consumer_with_another_key_than_the_web_server_does_the_work_all_the_same(instance: Estivador, busybox_image: str) -> None:
    """Whoever removes the key while things run: the next process makes another, refuses what is signed with the old one, and rings again by itself."""
    key = instance.folder / "queue-key"
    before = key.read_bytes()
    assert (len(before), key.stat().st_mode & 0o777) == (32, 0o600)
    key.unlink()
    instance.start_consumer()
    task_id = instance.register(busybox_image)
    assert instance.until_ended(instance.run(task_id, times=2, command=["true"]))["counts"]["COMPLETE"] == 2
    assert (key.read_bytes() != before, key.stat().st_mode & 0o777) == (True, 0o600)
    assert REFUSED in instance.said("huey_consumer")
    assert REFUSED not in instance.said("gunicorn")


def test_the_same_key_opens_what_another_process_has_rung_for(app: Flask, settings: Settings) -> None:
    submitted(app)
    create_app(settings)
    assert set(names()) == {"import_image", "launch"}


def test_a_job_is_taken_past_what_is_refused(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    huey.storage.enqueue(b"nonsense", priority=100)
    submitted(app)
    assert set(names()) == {"import_image", "launch"}
    assert caplog.text.count(REFUSED) == 1


@pytest.mark.parametrize("name", ["queue-key", "cookie-key"])
def test_a_key_that_is_damaged_stops_the_start_with_a_sentence(app: Flask, settings: Settings, name: str) -> None:
    (settings.instance / name).write_bytes(b"")
    with pytest.raises(BadKey, match=f"{name} holds no whole key: remove it"):
        create_app(settings)
    (settings.instance / name).unlink()
    create_app(settings)
    assert len((settings.instance / name).read_bytes()) == 32
