"""A stored log that is followed: read once, with nothing open in the record while it is written to whoever reads."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import select

from app.engine.logs import Frame
from app.extensions import db
from app.jobs import context
from app.logstore import LogStore
from app.models import Detail, write
from app.services import attempts, loglines
from app.services.following import follow
from app.services.loglines import GAP, MOST, Line, Mark
from app.services.logs import View
from app.states import Status
from tests.support.rows import result_row, task_row

COUNT = 3 * MOST
CAP = 64 * 1024
WIDTH = 100


@pytest.fixture
def detail(app: Flask) -> Iterator[Detail]:
    """An execution that has ended."""
    with app.app_context():
        result_id = result_row(task_row(), [(Status.COMPLETE, 1.0, 2.0)])
        yield db.session.execute(select(Detail).where(Detail.result_id == result_id)).scalar_one()


def moment(number: int) -> str:
    return f"2026-01-01T00:{number // 60:02}:{number % 60:02}.{number:09}Z"


def store(detail: Detail, first: int = 1) -> bool:
    """Store lines of WIDTH bytes, numbered from `first` to COUNT; say whether they were cut."""
    frames = [Frame(1, moment(number).encode(), b"%0*d\n" % (WIDTH - 1, number)) for number in range(first, COUNT + 1)]
    return context.log_store().save(detail.log_key, frames).cut


def followed(detail: Detail, **view: Any) -> list[bytes]:
    lines = []
    for line in follow(detail, None, View(**view), lambda: False):
        assert not db.session().in_transaction()
        lines.append(line)
    return [line for line in lines if line]


def test_one_that_has_ended_is_read_once_and_holds_no_transaction(detail: Detail) -> None:
    store(detail)
    with patch.object(LogStore, "load", autospec=True, side_effect=LogStore.load) as load:
        assert [int(line) for line in followed(detail)] == list(range(1, COUNT + 1))
    assert load.call_count == 1
    assert [int(line) for line in followed(detail, after=COUNT - 3, tail=2)] == [COUNT - 1, COUNT]
    assert followed(detail, streams=frozenset({"stderr"})) == []


def rest(detail: Detail, number: int) -> list[Line]:
    """What somebody gets from the shortened log who has read up to line `number` while it was written."""
    with write():
        detail.log_truncated = True
    lines = list(loglines.rest(attempts.current(detail), Mark(number, moment(number), 1)))
    assert [line.number for line in lines] == list(range(number + 1, number + 1 + len(lines)))
    return lines


# The first half of the cap ends within line 328, the last half begins within line 2,673.
def test_who_has_read_beyond_the_cut_goes_on_where_they_were(detail: Detail) -> None:
    context.log_store().cap = CAP
    assert store(detail)
    assert [int(line.payload) for line in rest(detail, 2700)] == list(range(2701, COUNT + 1))
    assert rest(detail, COUNT) == []


@pytest.mark.parametrize("number", [328, 329, 1500, 2672])
def test_who_has_read_to_within_the_cut_gets_the_cut_and_what_follows_it(detail: Detail, number: int) -> None:
    context.log_store().cap = CAP
    assert store(detail)
    lines = rest(detail, number)
    assert lines[0].stream == GAP
    assert [int(line.payload) for line in lines[2:]] == list(range(2674, COUNT + 1)), "after the line that the cut has torn"


def test_who_has_read_less_meets_the_cut(detail: Detail) -> None:
    context.log_store().cap = CAP
    assert store(detail)
    lines = rest(detail, 300)
    assert [int(line.payload) for line in lines[:27]] == list(range(301, 328))
    assert (lines[27].stream, int(lines[-1].payload)) == (GAP, COUNT)


def test_where_the_engine_has_thrown_away_what_was_read_all_that_is_stored_follows(detail: Detail) -> None:
    assert not store(detail, first=2000)
    assert [int(line.payload) for line in rest(detail, 10)] == list(range(2000, COUNT + 1))
