import time

import pytest
from flask import Flask

from app.pages import queries


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("2026-01-31", 1769817600.0),
        ("2026-01-31T12:00", 1769860800.0),
        ("2026-01-31T12:00:00+02:00", 1769853600.0),
        ("1769817600", 1769817600.0),
        ("1769817600.5", 1769817600.5),
        ("", None),
        ("yesterday", None),
        ("99999999999d", None),
    ],
)
def test_a_time_is_read_as_it_is_written(text: str, epoch: float | None) -> None:
    assert queries.moment(text) == epoch


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("24h", 86400), ("7d", 604800)])
def test_a_span_is_so_long_before_now(text: str, seconds: int) -> None:
    before = time.time()
    assert before - seconds <= (queries.moment(text) or 0) <= time.time() - seconds


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1e3", "99999999999999999999", "²"])
def test_a_page_that_makes_no_sense_is_the_first(app: Flask, page: str) -> None:
    with app.test_request_context("/ui/result/", query_string={"page": page}):
        assert queries.results().page == 1


def test_a_filter_that_makes_no_sense_lets_everything_through(app: Flask) -> None:
    with app.test_request_context("/ui/result/?status=NONSENSE&from=x&to=&task_id=one&text=%20"):
        assert queries.results().filters == {}


def test_filters_are_read_and_shown_as_typed(app: Flask) -> None:
    with app.test_request_context("/ui/result/?status=ERROR&status=KILLED&from=2026-01-31&text=tool&task_id=3&page=2"):
        asked = queries.results()
    assert asked.filters == {"status": ["ERROR", "KILLED"], "from_": 1769817600.0, "text": "tool", "task_id": 3}
    assert (asked.page, asked.typed["from"]) == (2, "2026-01-31")
