"""A stored log in windows of numbered lines."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.engine.logs import Frame
from app.extensions import db
from app.jobs import context
from app.models import Detail
from app.services import loglines
from app.services.loglines import GAP, MOST, Mark
from app.states import Status
from tests.support.rows import result_row, task_row

RED, RESET = b"\x1b[31m", b"\x1b[0m"


@pytest.fixture
def detail(app: Flask) -> Iterator[Detail]:
    """An execution that has ended."""
    with app.app_context():
        result_id = result_row(task_row(), [(Status.COMPLETE, 1.0, 2.0)])
        yield db.session.execute(select(Detail).where(Detail.result_id == result_id)).scalar_one()


def store(detail: Detail, payloads: list[bytes]) -> None:
    frames = [Frame(1, f"2026-01-01T00:00:{number % 60:02}.{number:09}Z".encode(), payload) for number, payload in enumerate(payloads, start=1)]
    context.log_store().save(detail.log_key, frames)


def numbers(lines: list[loglines.Line]) -> list[int]:
    return [line.number for line in lines]


def test_of_a_log_that_is_not_there_there_are_no_lines(detail: Detail) -> None:
    assert loglines.last(detail) == loglines.Window([], [], 0)


@pytest.mark.parametrize("count", [1, MOST - 1, MOST, MOST + 1, 2 * MOST, 2 * MOST + 1, 5 * MOST])
def test_the_last_lines_are_numbered_from_the_beginning_of_the_log(detail: Detail, count: int) -> None:
    store(detail, [b"%d\n" % number for number in range(1, count + 1)])
    window = loglines.last(detail)
    assert numbers(window.lines) == list(range(max(1, count - MOST + 1), count + 1))
    assert [line.payload for line in window.lines] == [b"%d\n" % number for number in numbers(window.lines)]
    assert window.total == count


def test_the_lines_around_a_number_begin_with_it(detail: Detail) -> None:
    store(detail, [b"x\n"] * 3000)
    window = loglines.around(detail, 1500, 20)
    assert (numbers(window.lines), window.total) == (list(range(1500, 1520)), 3000)
    assert loglines.around(detail, 4000).lines == []


def test_what_came_since_a_mark_comes_in_windows_without_a_gap(detail: Detail) -> None:
    store(detail, [b"x\n"] * 2500)
    mark, seen = Mark(0), []
    while lines := loglines.since(detail, mark):
        assert len(lines) <= MOST
        seen += numbers(lines)
        mark = loglines.mark_after(lines, mark)
    assert seen == list(range(1, 2501))


def test_a_mark_counts_the_lines_of_its_time() -> None:
    lines = [loglines.Line(1, 1, "a", b""), loglines.Line(2, 1, "b", b""), loglines.Line(3, 1, "b", b"")]
    assert loglines.mark_after(lines, Mark()) == Mark(3, "b", 2)
    assert loglines.mark_after([loglines.Line(4, 2, "b", b"")], Mark(3, "b", 2)) == Mark(4, "b", 3)


def test_only_what_decides_the_colours_of_a_window_is_kept_of_the_lines_before_it(detail: Detail) -> None:
    store(detail, [RED + b"one\n", b"two" + RESET + b"\n", b"\x1b[1mthree\n", *[b"x\n"] * MOST])
    assert loglines.last(detail).before == [b"two" + RESET + b"\n", b"\x1b[1mthree\n"]
    assert loglines.around(detail, 2).before == [RED + b"one\n"]


def test_a_line_that_goes_on_is_one_line(detail: Detail) -> None:
    store(detail, [b"begin ", b"end\n", b"next\n"])
    assert [line.payload for line in loglines.last(detail).lines] == [b"begin end\n", b"next\n"]


def test_where_the_cap_cut_is_a_line_of_its_own(detail: Detail) -> None:
    store(detail, [b"x" * 16_000 + b"\n"] * 1000)
    window = loglines.around(detail, 1, 2000)
    assert sum(line.stream == GAP for line in window.lines) == 1
    assert window.total < 1000
