"""What executions use, looked at on the real Engine."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest
from docker import DockerClient
from flask import Flask
from sqlalchemy import update

from app.config import Settings
from app.engine import stats
from app.engine.errors import EngineUnreachable
from app.engine.stats import Usage
from app.extensions import db
from app.jobs import sampler
from app.jobs.sampler import Running, Sampler, keep
from app.models import Detail, Result, write
from tests.support.estivador import Estivador
from tests.support.stepping import details_of, submitted
from tests.support.waiting import until

MIB = 1024 * 1024
# Holds 30 MiB: tail keeps all of a line that does not end. Then it burns CPU until it is told to stop.
HUNGRY = "{ head -c 30m /dev/zero; sleep 2; } | tail -c 31457280 >/dev/null; while :; do :; done"


@pytest.fixture
def container(docker_client: DockerClient, busybox_image: str) -> Iterator[str]:
    """A container that sleeps; its id."""
    made = docker_client.containers.create(busybox_image, ["sleep", "600"])
    made.start()
    yield str(made.id)
    made.remove(force=True, v=True)


@pytest.fixture
def looking(app: Flask) -> Iterator[Sampler]:
    """A sampler that no thread runs."""
    made = Sampler(app, 1, lambda: True)
    yield made
    made.close()


def started(result_id: int, container_id: str, start: float = 5.0) -> Detail:
    """Let the first execution of a result run in a container, as far as the record knows."""
    row = update(Detail).where(Detail.result_id == result_id, Detail.position == 0)
    with write() as session:
        session.execute(row.values(status="RUNNING", phase="STARTED", container_id=container_id, start=start))
    return details_of(result_id)[0]


def test_what_runs_for_a_while_is_looked_at_and_what_is_over_at_once_is_not(instance: Estivador, busybox_image: str) -> None:
    instance.start_consumer(ESTIVADOR_SAMPLE_EVERY="0.5")
    task_id = instance.register(busybox_image)
    short, long = instance.run(task_id, command="true"), instance.run(task_id, command=["sh", "-c", HUNGRY])
    instance.until_ended(short)

    def seen() -> bool:
        row = instance.details(long)[0]
        return bool(row["cpu_seconds"] and row["cpu_seconds"] > 1 and row["peak_memory"] > 30 * MIB)

    until(seen, 60, "what it uses is in the record")
    revision = instance.get(f"/result/{long}/")["revision"]
    before = instance.details(long)[0]
    until(lambda: instance.details(long)[0]["cpu_seconds"] > before["cpu_seconds"], 60, "it is looked at again")
    assert instance.get(f"/result/{long}/")["revision"] == revision
    instance.post(f"/result/{long}/", {"operation": "KILL"})
    instance.until_ended(long)
    row = instance.details(long)[0]
    assert 30 * MIB < row["peak_memory"] < 60 * MIB
    assert 1 < row["cpu_seconds"] <= row["duration"] + 1
    found = instance.get(f"/result/{long}/statistics/")
    assert found["peak_memory"]["max"] == row["peak_memory"] and found["cpu_seconds"]["total"] == row["cpu_seconds"]
    quick = instance.details(short)[0]
    assert (quick["peak_memory"], quick["cpu_seconds"]) == (None, None)


def test_a_zero_turns_it_off(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = replace(settings, sample_every=0)
    asleep = Sampler(app, 1, lambda: pytest.fail("it looks"))
    asleep.start()
    asleep.join(5)
    assert not asleep.is_alive()


def test_only_what_has_run_for_some_seconds_is_asked_for(app: Flask, looking: Sampler, container: str) -> None:
    with app.app_context():
        old, _ = started(submitted(app, 1), container), started(submitted(app, 2), container, start=1e11)
        assert looking.running() == [Running(old.id, 1, container)]


def test_a_container_that_is_gone_or_has_ended_is_left_out(looking: Sampler, container: str, docker_client: DockerClient, busybox_image: str) -> None:
    ended = docker_client.containers.create(busybox_image, ["true"])
    try:
        ended.start()
        ended.wait()
        used = looking.ask([Running(1, 1, "f" * 64), Running(2, 1, str(ended.id)), Running(3, 1, container)])
    finally:
        ended.remove()
    assert used.keys() == {3}
    assert (used[3].memory or 0) > 0 and used[3].cpu_seconds > 0


def test_many_are_looked_at_together(looking: Sampler, container: str) -> None:
    rows = [Running(number, 1, container) for number in range(1, 20)]
    assert looking.ask(rows).keys() == {row.id for row in rows}


def test_whatever_goes_wrong_it_goes_on_looking(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions["settings"] = replace(settings, sample_every=0.01)
    thread, stopping = Sampler(app, 1, lambda: True), Event()
    troubles: list[Exception] = [EngineUnreachable("no answer"), RuntimeError("a defect")] * 2

    def look() -> None:
        raise troubles.pop() if len(troubles) > 1 else (stopping.set(), EngineUnreachable("the last one"))[1]

    monkeypatch.setattr(thread, "look", look)
    monkeypatch.setattr(sampler.context, "stopping", stopping)
    thread.start()
    thread.join(10)
    assert not thread.is_alive() and len(troubles) == 1


def test_the_most_that_was_seen_is_kept_and_nothing_of_what_has_ended(app: Flask) -> None:
    with app.app_context():
        result_id = submitted(app, 2)
        first, second = started(result_id, "a" * 64), details_of(result_id)[1]
        revision = db.session.get_one(Result, result_id).revision
        row = Running(first.id, 1, None)
        for memory, seconds in ((100, 1.0), (50, 2.0), (None, 1.5)):
            keep([(row, Usage(memory, seconds)), (Running(second.id, 1, None), Usage(7, 7.0)), (row._replace(attempt=2), Usage(999, 999.0))])
        db.session.expire_all()
        assert (first.peak_memory, first.cpu_seconds, second.peak_memory, second.cpu_seconds) == (100, 2.0, None, None)
        assert db.session.get_one(Result, result_id).revision == revision


@pytest.mark.parametrize(
    ("memory", "held"),
    [
        ({"usage": 100, "max_usage": 900, "stats": {"total_inactive_file": 10}}, 900),
        ({"usage": 100, "stats": {"inactive_file": 10}}, 90),
        ({"usage": 100, "stats": {"inactive_file": 200}}, 100),
        ({"usage": 100}, 100),
        ({}, None),
    ],
)
def test_memory_is_read_as_either_kind_of_cgroup_counts_it(memory: dict[str, object], held: int | None) -> None:
    assert stats._usage({"cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}}, "memory_stats": memory}) == Usage(held, 2.5)
