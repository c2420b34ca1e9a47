"""Failures that ended the same way are one group."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import db
from app.models import Result
from app.services import figures, outcomes, results
from app.services.outcomes import ExitCode, success_rate
from app.services.statistics import DETAIL
from app.states import Status
from tests.support.failed import failed, known
from tests.support.rows import Execution, result_row, task_row

WELL: Execution = (Status.COMPLETE, 1.0, 2.0)
BADLY: Execution = (Status.ERROR, 1.0, 2.0)


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def ends_of(result_id: int) -> outcomes.Ends:
    return outcomes.ends(DETAIL.result_id == result_id)


def test_the_same_reason_exit_code_and_ending_make_a_group_with_the_first_as_its_example() -> None:
    result_id = result_row(task_row(), [WELL, *[BADLY] * 9])
    known(result_id, 0, exit_code=0, reason="exit")
    failed(result_id, 4, 5, 6, 7, line="no cargo in hold 4", ending="no cargo in hold #")
    failed(result_id, 1, 2, 3, line="no ship")
    failed(result_id, 8, line="no ship", exit_code=4)
    failed(result_id, 9, line="no ship", exit_code=None, reason="lost")
    found = ends_of(result_id)
    rows = [(group.count, group.reason, group.exit_code, group.ending, group.last_line, group.index) for group in found.failures]
    assert rows == [
        (4, "exit", 3, "no cargo in hold #", "no cargo in hold 4", 4),
        (3, "exit", 3, "no ship", "no ship", 1),
        (1, "exit", 4, "no ship", "no ship", 8),
        (1, "lost", None, "no ship", "no ship", 9),
    ]
    assert found.failures[0].detail_id == db.session.execute(db.select(DETAIL.id).where(DETAIL.position == 4)).scalar()
    assert found.failures_left == 0
    assert found.exit_codes == [ExitCode(3, 7), ExitCode(None, 1), ExitCode(0, 1), ExitCode(4, 1)]


def test_without_a_line_they_are_told_apart_by_reason_and_exit_code() -> None:
    result_id = result_row(task_row(), [BADLY] * 3)
    failed(result_id, 0, 1, reason="timeout")
    failed(result_id, 2, reason="image_missing", exit_code=None)
    assert [(group.count, group.reason, group.ending) for group in ends_of(result_id).failures] == [(2, "timeout", None), (1, "image_missing", None)]


def test_what_did_not_fail_is_in_no_group() -> None:
    result_id = result_row(
        task_row(), [WELL, (Status.KILLED, 1.0, 2.0), (Status.CANCELLED, None, None), (Status.RUNNING, 1.0, None), (Status.QUEUED, None, None)]
    )
    known(result_id, last_line="at sea", ending="at sea", exit_code=1)
    found = ends_of(result_id)
    assert (found.failures, found.failures_left, found.exit_codes) == ([], 0, [ExitCode(1, 3)])


def test_the_largest_twenty_groups_are_told_of_and_the_rest_is_counted() -> None:
    result_id = result_row(task_row(), [BADLY] * 50)
    for position in range(25):
        failed(result_id, position, 25 + position, line=f"way {position}")
    failed(result_id, 49, 48, 47, line="way 0")
    found = ends_of(result_id)
    assert [group.count for group in found.failures] == [5, *[2] * 19]
    assert found.failures_left == 50 - 5 - 2 * 19


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        ({}, None),
        ({"QUEUED": 3}, None),
        ({"COMPLETE": 3, "ERROR": 1, "RUNNING": 5}, 0.75),
        ({"CANCELLED": 1, "COMPLETE": 1, "KILLED": 1}, 0.5),
        ({"CANCELLED": 2}, None),
    ],
)
def test_the_success_rate_is_by_what_has_run(counts: dict[str, int], rate: float | None) -> None:
    assert success_rate({status: counts.get(status, 0) for status in Status}) == rate


def test_memory_and_cpu_time_are_of_those_that_were_looked_at() -> None:
    result_id = result_row(task_row(), [WELL] * 4)
    assert outcomes.use(DETAIL.result_id == result_id) == outcomes.Use(None, None, None)
    known(result_id, 0, peak_memory=100, cpu_seconds=1.5)
    known(result_id, 1, peak_memory=300, cpu_seconds=0.5)
    known(result_id, 2, cpu_seconds=1.0)
    found = outcomes.use(DETAIL.result_id == result_id)
    assert found.peak_memory is not None and (found.peak_memory.count, found.peak_memory.p50, found.peak_memory.maximum) == (2, 100, 300)
    assert found.cpu_seconds is not None and (found.cpu_seconds.count, found.cpu_seconds.p50, found.cpu_total) == (3, 1.0, 3.0)


def test_a_hundred_thousand_are_grouped_once_a_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    result = results.get(result_row(task_row(), [WELL, *[BADLY] * 99_999]))
    failed(result.id, line="no cargo")
    found = figures.ends(result)
    assert [group.count for group in found.failures] == [99_999]
    monkeypatch.setattr(outcomes, "ends", lambda which: pytest.fail("it is worked out again"))
    assert figures.ends(result) is found


def test_a_new_revision_is_worked_out_anew() -> None:
    result_id = result_row(task_row(), [BADLY, (Status.RUNNING, 1.0, None)])
    assert len(figures.ends(results.get(result_id)).failures) == 1
    known(result_id, 1, status="ERROR", exit_code=7)
    db.session.execute(db.update(Result).values(revision=Result.revision + 1))
    db.session.commit()
    assert len(figures.ends(results.get(result_id)).failures) == 2
