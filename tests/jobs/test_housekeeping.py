"""Housekeeping in this process: what it removes by age and by number, and what it never touches. Moments are written into the rows."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.config import Keep
from app.extensions import db
from app.jobs import housekeeping, removal, retention, stored_logs, tidying
from app.logstore import LogStore
from app.models import WITH_DELETED, Audit, Detail, IdempotencyKey, Image, Result, Session, Task, Tidying, Token, write
from app.states import Phase, TaskStatus
from tests.support.kept import DAY, ended, limit, live, log_file, tidy
from tests.support.rows import task_row
from tests.support.stepping import empty_queue, run_jobs


@pytest.fixture
def task_id(app: Flask) -> Iterator[int]:
    """A task, in an application context that goes on."""
    with app.app_context():
        yield a_task("tool")


def a_task(name: str) -> int:
    with write():
        return task_row(name)


def left() -> list[int]:
    """The results that are there."""
    db.session.rollback()
    return list(db.session.execute(select(Result.id).order_by(Result.id)).scalars())


def last_run() -> Any:
    db.session.rollback()
    return db.session.execute(select(*Tidying.columns()).order_by(Tidying.id.desc()).limit(1)).one()


def test_without_limits_all_is_kept(app: Flask, task_id: int) -> None:
    ids = [ended(task_id, days) for days in (4000, 1)]
    path = log_file(app, ids[0])
    tidy()
    assert (left(), path.exists()) == (ids, True)


def test_results_that_ended_long_ago_are_deleted(app: Flask, task_id: int) -> None:
    limit(app, Keep(results_days=30))
    old, new, runs = ended(task_id, 30.1, times=3), ended(task_id, 29.9), live(task_id)
    path = log_file(app, old)
    tidy()
    assert (left(), path.parent.exists()) == ([new, runs], False)
    assert db.session.execute(select(func.count()).select_from(Detail)).scalar_one() == 3
    run = last_run()
    assert (run.results, run.executions, run.error) == (1, 3, None)
    assert run.ended_at is not None


def test_the_newest_so_many_are_kept(app: Flask, task_id: int) -> None:
    limit(app, Keep(results=2))
    ids = [ended(task_id, days) for days in (3, 9, 1, 2)]
    runs = live(task_id)
    tidy()
    assert left() == [ids[2], ids[3], runs], "by their end, not by their submission; what is live does not count"


def test_one_that_has_a_container_left_stays(app: Flask, task_id: int) -> None:
    limit(app, Keep(results_days=1))
    result_id = ended(task_id, 2)
    with write() as session:
        session.execute(update(Detail).values(phase=Phase.RECORDED))
    tidy()
    assert left() == [result_id]


def test_many_results_go_in_batches(app: Flask, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(app, Keep(results_days=1))
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    for _ in range(5):
        ended(task_id, 2)
    marked: list[int] = []
    mark = removal.mark

    def counted(*which: Any) -> tuple[int, int]:
        number = mark(*which)
        marked.append(number[0])
        return number

    monkeypatch.setattr(removal, "mark", counted)
    tidy()
    assert (marked, left(), last_run().results) == ([2, 2, 1], [], 5)


def test_a_run_whose_time_is_up_rings_for_the_next(app: Flask, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(app, Keep(results_days=1))
    ended(task_id, 2)
    monkeypatch.setattr(housekeeping, "SLICE", 0.0)
    with patch.object(housekeeping, "ring") as rung:
        housekeeping.tidy.call_local()
    assert (left(), rung.call_args.args) == ([1], (housekeeping.tidy,))


def test_a_consumer_that_ends_rings_for_nothing(app: Flask, task_id: int) -> None:
    with patch.object(housekeeping.context, "stopping") as stopping, patch.object(housekeeping, "ring") as rung:
        stopping.is_set.return_value = True
        housekeeping.tidy.call_local()
    rung.assert_not_called()


def test_logs_of_results_that_ended_long_ago_are_removed(app: Flask, task_id: int) -> None:
    limit(app, Keep(logs_days=7))
    old, new, runs = ended(task_id, 8), ended(task_id, 6), live(task_id)
    paths = [log_file(app, result_id) for result_id in (old, new, runs)]
    revision = db.session.get_one(Result, old).revision
    tidy()
    assert [path.exists() for path in paths] == [False, True, True]
    assert left() == [old, new, runs]
    rows = {row.id: row for row in db.session.execute(select(*Result.columns()))}
    assert time.time() - rows[old].logs_removed_at < 60
    assert (rows[old].logs_size, rows[old].revision) == (0, revision + 1)
    assert (rows[new].logs_removed_at, rows[runs].logs_removed_at, rows[runs].logs_size) == (None, None, None)
    assert (last_run().logs, last_run().logs_bytes) == (1, 8192)


def test_the_oldest_logs_go_where_all_take_too_much(app: Flask, task_id: int) -> None:
    ids = [ended(task_id, days) for days in (5, 1, 3, 4)]
    paths = [log_file(app, result_id, 64) for result_id in ids]
    limit(app, Keep(logs_size=192 * 1024))
    tidy()
    assert [path.exists() for path in paths] == [False, True, True, True]
    limit(app, Keep(logs_size=191 * 1024))
    tidy()
    assert [path.exists() for path in paths] == [False, True, True, False]


def test_what_live_results_have_written_counts_and_stays(app: Flask, task_id: int) -> None:
    limit(app, Keep(logs_size=100 * 1024))
    old, runs = ended(task_id, 1), live(task_id)
    paths = [log_file(app, old, 64), log_file(app, runs, 200)]
    tidy()
    assert [path.exists() for path in paths] == [False, True]


def test_logs_that_go_with_their_result_are_not_counted_twice(app: Flask, task_id: int) -> None:
    limit(app, Keep(results_days=3, logs_size=100 * 1024))
    old, new = ended(task_id, 4), ended(task_id, 1)
    log_file(app, old, 64), log_file(app, new, 64)
    stored_logs.measure(tidying.Run(10))
    assert db.session.execute(retention.due_logs(app.extensions["settings"].keep, time.time())).all() == []
    tidy()
    assert (left(), last_run().results, last_run().logs) == ([new], 1, 0)


def test_a_removal_of_logs_that_died_in_the_middle_goes_on(app: Flask, task_id: int) -> None:
    limit(app, Keep(logs_days=7))
    paths = [log_file(app, ended(task_id, 8)) for _ in range(2)]
    with patch.object(LogStore, "delete", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        housekeeping.tidy.call_local()
    assert [path.exists() for path in paths] == [True, True]
    assert last_run().ended_at is None
    limit(app, Keep())
    tidy()
    assert [path.exists() for path in paths] == [False, False], "whatever the limits are by now: the record says that they are gone"


def test_what_is_half_written_goes_once_its_result_has_ended(app: Flask, task_id: int) -> None:
    old, runs = ended(task_id, 0.1), live(task_id)
    paths = [log_file(app, result_id, 8, name) for result_id in (old, runs) for name in ("1-1.whole", "1-1.short", "1-1.log")]
    tidy()
    assert [path.exists() for path in paths] == [False, False, True, True, True, True]
    assert db.session.get_one(Result, old).logs_size == 8192


def test_folders_of_results_that_nobody_knows_go_after_a_day(app: Flask, task_id: int) -> None:
    known = ended(task_id, 3)
    paths = [log_file(app, result_id).parents[1] for result_id in (known, 777, 778)]
    for path, days in zip(paths, (2, 2, 0.5), strict=True):
        os.utime(path, (time.time() - days * DAY,) * 2)
    tidy()
    assert [path.exists() for path in paths] == [True, False, True]


def test_logs_that_cant_be_removed_are_told_of_and_keep_nothing_else(app: Flask, task_id: int) -> None:
    limit(app, Keep(logs_days=7, results_days=30))
    stuck, free, gone = ended(task_id, 8), ended(task_id, 8), ended(task_id, 31)
    paths = [log_file(app, result_id) for result_id in (stuck, free, gone)]
    delete = LogStore.delete

    def refuse(store: LogStore, result: int) -> None:
        if result == stuck:
            raise PermissionError
        delete(store, result)

    with patch.object(LogStore, "delete", refuse):
        tidy()
    assert [path.exists() for path in paths] == [True, False, False]
    assert last_run().error == stored_logs.CANT_WRITE
    tidy()
    assert not paths[0].exists()


def test_an_engine_that_is_out_is_told_of_and_keeps_nothing_else(app: Flask, task_id: int) -> None:
    limit(app, Keep(results_days=1, images_days=1))
    ended(task_id, 2)
    image_row(task_id, "a", 3)
    with patch.object(housekeeping.context, "engine_client", side_effect=housekeeping.EngineError("gone")):
        tidy()
    assert left() == []
    assert "Docker Engine" in last_run().error


def test_keys_and_sessions_that_are_over_are_forgotten(app: Flask, task_id: int) -> None:
    now = time.time()
    token = db.session.execute(select(Token.id)).scalar_one()
    with write() as session:
        for number, age in enumerate((DAY + 60, DAY - 60)):
            session.add(Session(digest=str(number), token_id=token, created_at=now - age, ends_at=now - age + DAY))
            session.add(IdempotencyKey(token_id=token, key=str(number), request_digest="", status_code=200, body="", created_at=now - age))
    tidy()
    assert db.session.execute(select(Session.digest)).scalars().all() == ["1"]
    assert db.session.execute(select(IdempotencyKey.key)).scalars().all() == ["1"]


def test_two_at_once_are_one(app: Flask, task_id: int) -> None:
    with housekeeping.holding("housekeeping") as mine:
        assert mine
        tidy()
    assert db.session.execute(select(func.count()).select_from(Tidying)).scalar_one() == 0


def test_of_runs_that_did_nothing_the_last_is_remembered(app: Flask, task_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "KEEP_RUNS", 3)
    tidy(), tidy()
    limit(app, Keep(results_days=1))
    for _ in range(4):
        ended(task_id, 2)
        tidy()
    tidy()
    assert db.session.execute(select(Tidying.results).order_by(Tidying.id)).scalars().all() == [1, 1, 0]


# --- which images are due; removing them is in tests/engine ---


def image_row(task_id: int, image_id: str, days: float, pulled: bool = True) -> None:
    with write() as session:
        session.add(Image(task_id=task_id, image_id=image_id, pulled=pulled, imported_at=time.time() - days * DAY))


def due(keep: Keep) -> list[str]:
    db.session.rollback()
    return retention.due_images(keep, time.time())


def test_images_that_nobody_has_are_due_by_their_age(task_id: int) -> None:
    for name, days in (("old", 9), ("new", 1)):
        image_row(task_id, name, days)
    image_row(task_id, "not ours", 9, pulled=False)
    assert (due(Keep(images_days=5)), due(Keep())) == (["old"], [])


def test_images_are_due_beyond_so_many_of_a_task(task_id: int) -> None:
    other = a_task("other")
    for name, days in (("a", 3), ("b", 2), ("c", 1)):
        image_row(task_id, name, days)
    image_row(other, "d", 9)
    assert (due(Keep(images=1)), due(Keep(images=0))) == (["a", "b"], ["d", "a", "b", "c"])


def test_an_image_that_a_task_has_or_a_live_result_uses_is_never_due(task_id: int) -> None:
    other = a_task("other")
    for name in ("has", "runs", "ran"):
        image_row(task_id, name, 9)
    runs, ran = live(task_id), ended(task_id, 1)
    with write() as session:
        session.execute(update(Task).where(Task.id == other).values(image_id="has"))
        session.execute(update(Result).where(Result.id == runs).values(image_id="runs"))
        session.execute(update(Result).where(Result.id == ran).values(image_id="ran"))
    assert due(Keep(images=0)) == ["ran"]


def test_an_image_that_one_of_its_tasks_keeps_is_not_due(task_id: int) -> None:
    other = a_task("other")
    image_row(task_id, "shared", 9), image_row(task_id, "newer", 1), image_row(other, "shared", 8)
    assert due(Keep(images=1)) == []
    assert due(Keep(images_days=5)) == ["shared"]


def test_images_of_a_deleted_task_are_due_too(task_id: int) -> None:
    image_row(task_id, "mine", 9)
    with write() as session:
        session.execute(update(Task).values(image_id="mine"))
    assert due(Keep(images_days=5)) == []
    with write() as session:
        session.execute(update(Task).values(deleted_at=1.0))
    assert due(Keep(images_days=5)) == ["mine"]
    tidy()
    assert db.session.execute(select(Task.id).execution_options(**WITH_DELETED)).scalars().all() == [task_id], "its row stays as long as its image does"
    with write() as session:
        session.execute(update(Image).values(removed_at=1.0))
    removal.remove_results()
    run_jobs()
    assert db.session.execute(select(Task.id).execution_options(**WITH_DELETED)).scalars().all() == []


def test_no_image_is_touched_while_one_is_imported(app: Flask, task_id: int) -> None:
    limit(app, Keep(images=0))
    image_row(task_id, "old", 9)
    with housekeeping.holding("import-1") as mine, patch.object(housekeeping.stored_images, "_remove") as remove:
        assert mine
        tidy()
        remove.assert_not_called()
    with patch.object(housekeeping.stored_images, "_remove") as remove:
        tidy()
        remove.assert_called_once()


def test_a_task_that_is_submitted_has_no_image_yet(task_id: int) -> None:
    with write() as session:
        session.execute(update(Task).values(status=TaskStatus.SUBMITTED, image_id=None))
    image_row(task_id, "old", 9)
    empty_queue()
    assert due(Keep(images=0)) == ["old"], "an image that is NULL hides no other"


def test_a_log_store_without_a_folder_has_nothing(tmp_path: Path) -> None:
    store = LogStore(tmp_path / "none", 10)
    assert (store.folders(), store.size(1)) == ([], 0)


def test_where_time_is_up_before_live_logs_are_measured_no_log_is_removed(app: Flask, task_id: int) -> None:
    limit(app, Keep(logs_size=1024))
    old, runs = ended(task_id, 1), live(task_id)
    path = log_file(app, old)
    log_file(app, runs)
    stored_logs.measure(tidying.Run(10))
    over = tidying.Run(0)
    assert stored_logs.live_size(over) is None
    stored_logs.remove(over)
    assert (path.exists(), over.is_more, stored_logs.live_size(tidying.Run(10))) == (True, True, 8192)
    stored_logs.remove(tidying.Run(10))
    assert not path.exists()


def noted() -> list[str]:
    """What the audit tells of housekeeping."""
    db.session.rollback()
    query = select(Audit.about).where(Audit.action == "retention.remove", Audit.via == "consumer", Audit.name == "estivador").order_by(Audit.id)
    return list(db.session.execute(query).scalars())


def test_a_run_that_removed_something_is_one_row_of_the_audit(app: Flask, task_id: int) -> None:
    tidy()
    assert noted() == []
    limit(app, Keep(results_days=1))
    for _ in range(3):
        ended(task_id, 2, times=2)
    with patch.object(housekeeping, "BATCH", 1):
        tidy()
    tidy()
    assert noted() == ["results 3, executions 6"]


def test_a_run_that_died_is_noted_by_the_next_one_and_once(app: Flask, task_id: int) -> None:
    with write():
        run = tidying.Run(10)
        run.did(results=2, executions=5)
    assert noted() == []
    tidy()
    tidy()
    assert noted() == ["results 2, executions 5, then it died"]
