"""What the pages say about how executions ended and what they took: groups of failures, exit codes, a task's last results."""

import re

import pytest
from flask import Flask

from app.extensions import db
from app.models import Detail
from app.states import Status
from tests.pages.person import Person
from tests.support.failed import failed, known
from tests.support.rows import Execution, result_row, task_row

MIB = 1024 * 1024


def took(seconds: float, status: Status = Status.COMPLETE) -> Execution:
    return (status, 1.0, 1.0 + seconds)


def text_of(html: str) -> str:
    """A page's words, a space between each two."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def result_id(app: Flask) -> int:
    """A result of 10 executions: 4 failed alike, 1 otherwise."""
    with app.app_context():
        made = result_row(task_row(), [*[took(1.0)] * 5, *[took(2.0, Status.ERROR)] * 5])
        known(made, exit_code=0, reason="exit")
        failed(made, 5, 6, 7, 8, line="no cargo in <hold>\u202e 5", ending="no cargo in <hold> #")
        failed(made, 9, line=None, exit_code=137, reason="oom")
        return made


def test_a_result_tells_which_failures_ended_the_same_way(app: Flask, person: Person, result_id: int) -> None:
    answer = person.get(f"/ui/result/{result_id}/")
    words = text_of(answer.text)
    assert "4 ended the same way exit code 3 no cargo in &lt;hold&gt;\ufffd 5 Execution 5" in words
    assert "1 ended so oom none Execution 9" in words
    assert "50 % of what has run is COMPLETE" in words
    assert "exit code 0 5" in words and "exit code 3 4" in words and "exit code 137 1" in words
    with app.app_context():
        example = db.session.execute(db.select(Detail.id).where(Detail.position == 5)).scalar()
    assert f"/ui/result/{result_id}/detail/{example}/" in answer.text
    assert "?status=ERROR&amp;reason=exit&amp;exit_code=3#table-title" in answer.text


@pytest.mark.parametrize(
    ("query", "indices"),
    [
        ("status=ERROR&reason=exit&exit_code=3", [5, 6, 7, 8]),
        ("reason=oom", [9]),
        ("exit_code=0", [0, 1, 2, 3, 4]),
        ("exit_code=x&reason=nonsense", [*range(10)]),
    ],
)
def test_the_table_is_filtered_by_reason_and_exit_code(app: Flask, person: Person, result_id: int, query: str, indices: list[int]) -> None:
    html = person.get(f"/ui/result/{result_id}/?{query}").text
    table = html[html.index('id="table-title"') :]
    assert [int(index) for index in re.findall(r'<tr id="detail-\d+">\s*<td><a [^>]*>(\d+)</a>', table)] == indices
    assert ("Show the others too" in table) == (len(indices) < 10)


def test_of_many_groups_ten_are_shown_and_the_rest_is_counted(app: Flask, person: Person) -> None:
    with app.app_context():
        made = result_row(task_row(), [took(1.0, Status.ERROR)] * 26)
        for position in range(26):
            failed(made, position, line="x" * (position + 1))
    words = text_of(person.get(f"/ui/result/{made}/").text)
    assert words.count("1 ended so") == 10 and "16 more ended in other ways" in words


def test_a_result_that_waits_has_no_rate(app: Flask, person: Person) -> None:
    with app.app_context():
        made = result_row(task_row(), [(Status.QUEUED, None, None)])
    assert "of what has ended" not in person.get(f"/ui/result/{made}/").text


def test_memory_and_cpu_time_are_told_where_they_were_seen(app: Flask, person: Person, result_id: int) -> None:
    assert "CPU time" not in person.get(f"/ui/result/{result_id}/").text
    with app.app_context():
        made = result_row(task_row("other"), [took(10.0), took(1.0)])
        known(made, 0, cpu_seconds=2.5, peak_memory=30 * MIB)
        first, second = db.session.execute(db.select(Detail.id).where(Detail.result_id == made).order_by(Detail.id)).scalars()
    words = text_of(person.get(f"/ui/result/{made}/").text)
    assert "CPU time p50, p95 2.5 s, 2.5 s of 1 that ran for some seconds; 2.5 s in all Peak memory p50, most 30.0 MiB, 30.0 MiB" in words
    assert "CPU time 2.5 s Peak memory 30.0 MiB" in text_of(person.get(f"/ui/result/{made}/detail/{first}/").text)
    assert "CPU time" not in person.get(f"/ui/result/{made}/detail/{second}/").text


def test_a_task_shows_where_its_last_results_go(app: Flask, person: Person) -> None:
    with app.app_context():
        task_id = task_row()
        old, new = result_row(task_id, [took(1.0), took(2.0, Status.ERROR)]), result_row(task_id, [took(4.0), took(4.0)])
        failed(old, 1, line="no cargo")
    words = text_of(person.get(f"/ui/task/{task_id}/").text)
    assert "Statistics of the last 2 results Success rate 75 % Duration p50, p95 2.0 s, 4.0 s" in words
    assert f"1 ended so exit code 3 no cargo Execution 1 of result {old}" in words
    assert re.search(rf"#{new} COMPLETE \S+ \S+ UTC 2 100 % 4.0 s 4.0 s #{old} ERROR \S+ \S+ UTC 2 50 % 1.0 s 2.0 s", words)
    assert "Success rate 75 %" in text_of(person.post(f"/ui/task/{task_id}/", times="none").text)


def test_a_task_that_has_not_run_has_no_statistics(app: Flask, person: Person) -> None:
    with app.app_context():
        task_id = task_row()
        db.session.commit()
    assert "Statistics" not in person.get(f"/ui/task/{task_id}/").text
