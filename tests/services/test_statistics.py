import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select

from app.errors import NotThere
from app.extensions import db
from app.models import Result
from app.services import statistics
from app.services.statistics import Recent, Summary
from app.states import Status
from tests.support.effort import effort
from tests.support.rows import SUBMITTED, Execution, result_row, task_row

QUEUED: Execution = (Status.QUEUED, None, None)
WITHDRAWN: Execution = (Status.CANCELLED, None, None)


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def complete(took: float, start: float = 1.0) -> Execution:
    return (Status.COMPLETE, start, start + took)


def mixed(times: int) -> list[Execution]:
    """Eight at once, of every status, the last ones still to come."""
    kinds = [Status.COMPLETE] * 12 + [Status.ERROR, Status.KILLED, Status.CANCELLED]
    rows: list[Execution] = [(kinds[i % len(kinds)], i // 8 + 1.0, i // 8 + 1.5 + (i % 7) / 20) for i in range(times)]
    rows = [WITHDRAWN if row[0] == Status.CANCELLED else row for row in rows]
    rows[-10:] = [(Status.RUNNING, times / 8 + 1.0, None)] * 3 + [QUEUED] * 7
    return rows


def counts_of(result_id: int) -> dict[Status, int]:
    row = db.session.execute(select(Result).where(Result.id == result_id)).scalar_one()
    return row.counts


def test_of_a_result_that_waits_there_are_no_figures() -> None:
    result_id = result_row(task_row(), [QUEUED] * 3)
    assert statistics.summary(result_id) == statistics.Statistics(None, None)
    assert statistics.histogram(result_id) == []
    assert statistics.timeline(result_id) == statistics.Timeline(None, None, 0, 0)
    assert statistics.grid(result_id).cells == [{Status.QUEUED: 1}] * 3


def test_no_figures_are_made_up_for_a_result_that_is_not_there() -> None:
    for figures in (statistics.grid, statistics.timeline):
        with pytest.raises(NotThere):
            figures(77)


def test_one_execution_is_its_own_median() -> None:
    result_id = result_row(task_row(), [complete(2.5)])
    figures = statistics.summary(result_id)
    assert figures.durations == Summary(1, 2.5, 2.5, 2.5, 2.5)
    assert figures.waits == Summary(1, 1.0, 1.0, 1.0, 1.0)
    assert [(one.low, one.high, one.counts) for one in statistics.histogram(result_id)] == [(2.5, 3.0, {Status.COMPLETE: 1})]
    line = statistics.timeline(result_id)
    assert (line.begin, line.end, line.started, line.peak) == (SUBMITTED + 1, SUBMITTED + 3.5, 1, 1)


def test_percentiles_are_times_that_were_measured() -> None:
    result_id = result_row(task_row(), [complete(float(took)) for took in range(20, 0, -1)])
    assert statistics.summary(result_id).durations == Summary(20, 1.0, 10.0, 19.0, 20.0)


def test_what_still_runs_has_waited_but_not_taken_a_time() -> None:
    result_id = result_row(task_row(), [(Status.RUNNING, 3.0, None), QUEUED, (Status.ERROR, 3.0, 4.0)])
    assert statistics.summary(result_id) == statistics.Statistics(Summary(1, 1.0, 1.0, 1.0, 1.0), Summary(2, 3.0, 3.0, 3.0, 3.0))
    line = statistics.timeline(result_id)
    assert line.spans == ((SUBMITTED + 3, None, Status.RUNNING, 0), (SUBMITTED + 3, SUBMITTED + 4, Status.ERROR, 2))
    assert line.end == pytest.approx(time.time(), abs=60)


def test_a_clock_that_is_behind_makes_no_time_negative() -> None:
    result_id = result_row(task_row(), [(Status.COMPLETE, -2.0, -2.5)])
    assert statistics.summary(result_id) == statistics.Statistics(Summary(1, 0.0, 0.0, 0.0, 0.0), Summary(1, 0.0, 0.0, 0.0, 0.0))
    assert [one.counts for one in statistics.histogram(result_id)] == [{Status.COMPLETE: 1}]
    assert statistics.timeline(result_id).peak == 1


@pytest.mark.parametrize("took", [0.0, 0.0004, 0.25, 1.0, 86_400.0])
def test_equal_durations_are_one_bin(took: float) -> None:
    result_id = result_row(task_row(), [complete(took)] * 5)
    (only,) = statistics.histogram(result_id)
    assert only.low <= took + 1e-6
    assert took < only.high
    assert only.counts == {Status.COMPLETE: 5}


@pytest.mark.parametrize("bins", [1, 5, 24])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.3, 0.4), (99.999, 100.0), (0.001, 5000.0), (1.0, 1.0000001)])
def test_bins_are_round_join_and_hold_all(low: float, high: float, bins: int) -> None:
    tooks = [low + (high - low) * part / 50 for part in range(51)]
    result_id = result_row(task_row(), [*(complete(took) for took in tooks), (Status.ERROR, 1.0, 1.0 + low), QUEUED, WITHDRAWN])
    found = statistics.histogram(result_id, bins)
    assert 1 <= len(found) <= bins
    assert all(before.high == after.low for before, after in pairwise(found))
    assert found[0].low <= low + 1e-6
    assert found[-1].high > high - 1e-6
    assert sum((Counter(one.counts) for one in found), Counter()) == {Status.COMPLETE: 51, Status.ERROR: 1}
    assert f"{found[0].high - found[0].low:.0e}"[0] in "125"


@pytest.mark.parametrize(("times", "size", "cells"), [(1, 1, 1), (1999, 1, 1999), (2000, 1, 2000), (2001, 2, 1001), (4001, 3, 1334), (10_000, 5, 2000)])
def test_the_grid_adds_up_to_the_counts(times: int, size: int, cells: int) -> None:
    rows = mixed(times) if times > 20 else [complete(1.0)] * times
    result_id = result_row(task_row(), rows)
    figures = statistics.grid(result_id)
    assert (figures.times, figures.size, len(figures.cells)) == (times, size, cells)
    total = sum((Counter(cell) for cell in figures.cells), Counter())
    assert {status: total[status] for status in Status} == figures.counts == counts_of(result_id)
    assert all(sum(cell.values()) == size for cell in figures.cells[:-1])
    for place in (0, cells // 2, cells - 1):
        assert figures.cells[place] == Counter(row[0] for row in rows[place * size : (place + 1) * size])


def test_up_to_two_hundred_executions_the_timeline_has_each() -> None:
    result_id = result_row(task_row(), [complete(1.0, 5.0), complete(3.0, 2.0), QUEUED, (Status.ERROR, 4.0, None), complete(0.5, 4.0)])
    line = statistics.timeline(result_id)
    at = SUBMITTED
    assert line.spans == (
        (at + 2, at + 5, Status.COMPLETE, 1),
        (at + 4, at + 4, Status.ERROR, 3),
        (at + 4, at + 4.5, Status.COMPLETE, 4),
        (at + 5, at + 6, Status.COMPLETE, 0),
    )
    assert (line.begin, line.end, line.started, line.peak, line.points) == (at + 2, at + 6, 4, 3, ())
    assert len(statistics.timeline(result_row(task_row("b"), [complete(1.0)] * 200)).spans) == 200


def test_above_the_timeline_says_how_many_ran_at_once() -> None:
    result_id = result_row(task_row(), [complete(0.9, float(place // 4)) for place in range(2000)] + [(Status.ERROR, 7.0, None)])
    line = statistics.timeline(result_id)
    assert line.spans == ()
    assert 2 <= len(line.points) <= 300
    assert (line.begin, line.end) == (SUBMITTED, SUBMITTED + 499.9)
    assert (line.points[0].time, line.points[-1]) == (SUBMITTED, (SUBMITTED + 499.9, 0))
    assert {point.running for point in line.points[:-1]} == {4, 5}
    assert line.peak == 5


def test_a_timeline_whose_executions_took_no_time_is_a_moment() -> None:
    line = statistics.timeline(result_row(task_row(), [complete(0.0)] * 201))
    assert line.begin == line.end
    assert line.peak == 201


def test_recent_results_come_oldest_first_with_the_median_of_their_executions() -> None:
    busy, idle, new = task_row("busy"), task_row("idle"), task_row("new")
    ids = [result_row(busy, [complete(float(number + 1))] * 3) for number in range(25)]
    waiting = result_row(new, [QUEUED])
    found = statistics.recent([busy, idle, new])
    assert [past.result_id for past in found[busy].results] == ids[5:]
    assert found[busy].results[0] == (ids[5], Status.COMPLETE, 6.0)
    assert found[busy].median == 15.0
    assert found[idle] == Recent([], None)
    assert found[new] == Recent([(waiting, Status.QUEUED, None)], None)
    assert statistics.recent([]) == {}
    assert [past.result_id for past in statistics.recent([busy], each=2)[busy].results] == ids[-2:]


def test_no_huge_result_decides_the_median_of_a_task() -> None:
    task_id = task_row()
    result_row(task_id, [complete(1.0)] * 5000)
    for _ in range(2):
        result_row(task_id, [complete(9.0)] * 100)
    assert statistics.recent([task_id])[task_id].median == 9.0


def test_the_expected_time_is_that_of_the_latest_that_completed() -> None:
    task_id, other = task_row(), task_row("other")
    assert statistics.expected(task_id) is None
    result_row(task_id, [complete(50.0)] * 600)
    result_row(task_id, [(Status.ERROR, 1.0, 91.0)] * 300 + [complete(3.0)] * 300)
    result_row(other, [complete(70.0)] * 600)
    result_row(task_id, [(Status.RUNNING, 1.0, None), QUEUED])
    assert statistics.expected(task_id) == 3.0


def test_ten_times_as_many_executions_are_no_more_than_ten_times_the_work() -> None:
    tasks = [task_row("few"), task_row("many")]
    made = [result_row(task_id, mixed(times)) for task_id, times in zip(tasks, (1_000, 10_000), strict=True)]
    for figures, arguments in (
        (statistics.summary, made),
        (statistics.histogram, made),
        (statistics.grid, made),
        (statistics.timeline, made),
        (statistics.expected, tasks),
    ):
        few, many = (effort(partial(figures, argument)) for argument in arguments)
        assert many < 12 * few, (figures, few, many)
