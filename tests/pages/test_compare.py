"""/ui/result/N/compare/: choosing another result, and the two side by side."""

import re

import pytest
from flask import Flask

from app.extensions import db
from app.models import Result
from app.states import Status
from tests.pages.person import Person
from tests.pages.test_statistics import text_of, took
from tests.support.failed import failed, known
from tests.support.rows import result_row, task_row


@pytest.fixture
def pair(app: Flask) -> tuple[int, int]:
    """A result, and one that runs it again: slower, with one failure, and another seed."""
    with app.app_context():
        task_id = task_row()
        first = result_row(task_id, [took(1.0), took(1.0)])
        again = result_row(task_id, [took(1.3), took(1.3, Status.ERROR)])
        known(first, exit_code=0)
        known(again, 0, exit_code=0)
        failed(again, 1, line="no cargo")
        for result_id, parameters in ((first, {"env": {"SEED": "<7>"}, "command": ["echo", "a b"]}), (again, {"env": {"SEED": "8"}, "timeout": 5.0})):
            db.session.execute(db.update(Result).where(Result.id == result_id).values(parameters=parameters))
        db.session.execute(db.update(Result).where(Result.id == again).values(rerun_of=first))
        db.session.commit()
        return first, again


def test_two_results_stand_side_by_side(person: Person, pair: tuple[int, int]) -> None:
    first, again = pair
    html = person.get(f"/ui/result/{again}/compare/{first}/").text
    words = text_of(html)
    assert f"Against result {first}: p50 1.3 \u00d7 as long, p95 1.3 \u00d7 as long" in words
    assert "Success rate 50 % 100 %" in words and "Exit codes 0: 1, 3: 1 0: 2" in words and "Duration p50 1.3 s 1.0 s" in words
    assert "command not given echo &#39;a b&#39; env.SEED 8 &lt;7&gt; timeout 5 not given" in words
    assert f"1 ended otherwise Of the executions with the same index, 1 ended with the same status in both. 1 ERROR here, COMPLETE in result {first}" in words
    assert "1 ERROR COMPLETE" in words and f'aria-label="ERROR: execution 1 of result {again}"' in html
    assert html.count("<table") == html.count("<caption") == 3


def test_results_that_are_alike_say_so(person: Person, pair: tuple[int, int]) -> None:
    words = text_of(person.get(f"/ui/result/{pair[0]}/compare/{pair[0]}/").text)
    assert "p50 as long, p95 as long" in words and "None: both were asked the same." in words and "0 ended otherwise" in words


def test_where_nothing_has_ended_there_are_no_figures(app: Flask, person: Person, pair: tuple[int, int]) -> None:
    with app.app_context():
        waits = result_row(task_row("other"), [(Status.QUEUED, None, None)] * 3)
    words = text_of(person.get(f"/ui/result/{waits}/compare/{pair[0]}/").text)
    assert "Figures" in words and f"3 of result {waits} have none to be held against" in words


def test_a_result_leads_to_the_choice_where_its_kin_come_first(person: Person, pair: tuple[int, int]) -> None:
    first, again = pair
    assert f'href="/ui/result/{again}/compare/"' in person.get(f"/ui/result/{again}/").text
    html = person.get(f"/ui/result/{again}/compare/").text
    assert re.findall(r'<option value="(\d+)"', html) == [str(first)]
    assert f"#{first} (which this one runs again): COMPLETE, 2 executions" in html
    assert f"#{again} (runs this one again): ERROR" in person.get(f"/ui/result/{first}/compare/").text


@pytest.mark.parametrize("query", ["other={0}", "number={0}", "other={1}&number=%23{0}"])
def test_what_is_chosen_or_typed_leads_on(person: Person, pair: tuple[int, int], query: str) -> None:
    first, again = pair
    answer = person.get(f"/ui/result/{again}/compare/?{query.format(first, again)}")
    assert (answer.status_code, answer.location) == (303, f"/ui/result/{again}/compare/{first}/")


@pytest.mark.parametrize(
    ("number", "sentence"), [("x", "Must be the number of a result"), ("{1}", "Must be another result"), ("9999", "There is no result 9999.")]
)
def test_a_number_that_is_none_is_asked_for_again(person: Person, pair: tuple[int, int], number: str, sentence: str) -> None:
    answer = person.get(f"/ui/result/{pair[1]}/compare/?number={number.format(*pair)}")
    assert answer.status_code == 422
    assert sentence in answer.text and 'aria-invalid="true"' in answer.text


def test_one_that_is_not_there_is_not_compared(person: Person, pair: tuple[int, int]) -> None:
    for path in ("/ui/result/9999/compare/", f"/ui/result/{pair[0]}/compare/9999/", f"/ui/result/9999/compare/{pair[0]}/"):
        assert person.get(path).status_code == 404
