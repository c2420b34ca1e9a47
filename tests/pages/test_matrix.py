"""What the pages show of a matrix, and how executions are found by its values."""

import re
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import Result, move
from app.pages.words import BY
from app.services import results, tasks
from tests.pages.person import Person
from tests.support.stepping import details_of, ready_task

MATRIX = {"SIZE": ["small", "large"], "SEED": ["1", "2", "3"]}
MATRIX_ROWS = [[size, seed] for size in MATRIX["SIZE"] for seed in MATRIX["SEED"]]


def submitted(app: Flask, matrix: dict[str, list[str]], times: int = 1) -> int:
    task_id = ready_task(app)
    with app.app_context():
        return results.submit(task_id, times, {"matrix": matrix}).id


def heads(answer: TestResponse) -> list[str]:
    table = answer.text.split('aria-label="Table of executions"')[1]
    return [unescape(head) for head in re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', table)]


def cells(answer: TestResponse) -> list[list[str]]:
    """The texts of the rows of executions."""
    found = re.findall(r'<tr id="detail-\d+">(.*?)</tr>', answer.text, re.DOTALL)
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in found]


def test_the_table_has_a_column_for_each_name(app: Flask, person: Person) -> None:
    answer = person.get(f"/ui/result/{submitted(app, MATRIX)}/")
    assert heads(answer)[:4] == ["Index", "SIZE", "SEED", "Status"]
    assert [row[:3] for row in cells(answer)] == [[str(index), *MATRIX_ROWS[index]] for index in range(6)]


def test_beyond_six_names_the_rest_share_a_column(app: Flask, person: Person) -> None:
    answer = person.get(f"/ui/result/{submitted(app, {name: [name.lower()] for name in 'ABCDEFGH'})}/")
    assert heads(answer)[:9] == ["Index", *"ABCDEF", "more", "Status"]
    assert cells(answer)[0][:8] == ["0", *"abcdef", "G=g, H=h"]


def test_values_filter_the_table_by_a_form_that_needs_no_script(app: Flask, person: Person) -> None:
    result_id = submitted(app, MATRIX)
    page = person.get(f"/ui/result/{result_id}/").text
    form = page[page.index('aria-label="Executions by value"') : page.index("data-live-etag")]
    assert 'method="get"' in page[: page.index('aria-label="Executions by value"')].rsplit("<form", 1)[1]
    assert re.findall(r'<option value="([^"]*)"', form) == ["", "SIZE=small", "SIZE=large", "", "SEED=1", "SEED=2", "SEED=3"]
    answer = person.get(f"/ui/result/{result_id}/?matrix=SIZE%3Dlarge&matrix=")
    assert [row[0] for row in cells(answer)] == ["3", "4", "5"]
    assert re.search(r'value="SIZE=large"\s+selected', answer.text)
    assert "with SIZE=large</h2>" in answer.text
    live = re.search(r'hx-get="([^"]+)"', answer.text)
    assert live is not None
    assert [row[0] for row in cells(person.get(unescape(live[1])))] == ["3", "4", "5"], "the live region keeps the filter"


def test_a_value_and_a_status_are_asked_for_together(app: Flask, person: Person) -> None:
    result_id = submitted(app, MATRIX)
    with app.app_context():
        for position in (1, 2):
            assert move(details_of(result_id)[position], "claim")
            assert move(details_of(result_id)[position], "fail", reason="engine_error")
    answer = person.get(f"/ui/result/{result_id}/?matrix=SEED%3D2&status=ERROR")
    assert [row[:3] for row in cells(answer)] == [["1", "small", "2"]]
    assert '<input type="hidden" name="status" value="ERROR">' in answer.text, "the form keeps the status"
    link = re.search(r'id="filter-QUEUED"\s+href="([^"]+)"', answer.text)
    assert link is not None
    assert unescape(link[1]) == "?matrix=SEED%3D2&status=QUEUED", "and the links of the statuses the value"


def test_a_value_that_is_not_there_lets_everything_through(app: Flask, person: Person) -> None:
    result_id = submitted(app, MATRIX)
    for nonsense in ("SIZE%3Dhuge", "COLOUR%3Dred", "SIZE", "%3D"):
        assert len(cells(person.get(f"/ui/result/{result_id}/?matrix={nonsense}"))) == 6


def test_of_too_many_values_one_is_typed(app: Flask, person: Person) -> None:
    result_id = submitted(app, {"N": [str(number) for number in range(201)]})
    answer = person.get(f"/ui/result/{result_id}/?matrix=N%3D7")
    assert re.search(r'<input name="matrix" value="N=7"', re.sub(r"\s+", " ", answer.text))
    assert cells(answer)[0][:2] == ["7", "7"]
    assert len(answer.get_data()) < 60_000


def test_without_a_matrix_there_is_no_such_form(app: Flask, person: Person) -> None:
    answer = person.get(f"/ui/result/{submitted(app, {})}/")
    assert "Executions by value" not in answer.text
    assert heads(answer)[:2] == ["Index", "Status"]


def test_names_and_values_are_text_and_nothing_else(app: Flask, person: Person) -> None:
    hostile = {'<b>"': ["<script>alert(1)</script>", "\u202eevil"]}
    result_id = submitted(app, hostile)
    for path in (f"/ui/result/{result_id}/", f"/ui/result/{result_id}/detail/1/"):
        answer = person.get(path)
        assert "<script>alert" not in answer.text
        assert '<b>"' not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


def test_an_execution_shows_its_combination(app: Flask, person: Person) -> None:
    answer = person.get(f"/ui/result/{submitted(app, MATRIX)}/detail/6/")
    said = re.search(r"<dt>Combination</dt>\s*<dd>(.*?)</dd>", answer.text, re.DOTALL)
    assert said is not None
    assert re.sub(r"<[^>]+>", "", said[1]).strip() == "SIZE=large, SEED=3"


def test_run_again_with_edits_counts_each_combination(app: Flask, person: Person) -> None:
    result_id = submitted(app, MATRIX, times=2)
    page = person.get(f"/ui/result/{result_id}/rerun/")
    times = re.search(r'id="times"[^>]*value="(\d+)"', page.text)
    assert times is not None
    assert times[1] == "2"
    for typed, total in (("2", 12), ("3", 18)):
        person.post(f"/ui/result/{result_id}/rerun/", edited="1", times=typed, matrix="SIZE = small, large\nSEED = 1, 2, 3")
        with app.app_context():
            assert db.session.execute(db.select(Result.times).order_by(Result.id.desc())).scalars().first() == total


def test_the_forecast_counts_the_combinations_that_are_typed(app: Flask, person: Person) -> None:
    task_id = ready_task(app)
    with app.app_context():
        tasks.update(task_id, parameters={"matrix": MATRIX, "parallel": 3})
    assert f"6 combinations {BY} 1 times = 6 executions, 3 at once" in person.get(f"/ui/task/{task_id}/").text
    typed = {"times": "3", "matrix": "SIZE = small, large", "parallel": "1", "command": "'"}
    assert person.post(f"/ui/task/{task_id}/forecast", **typed).text.startswith(f"2 combinations {BY} 3 times = 6 executions, 1 at once")
    assert person.post(f"/ui/task/{task_id}/forecast", **{**typed, "matrix": "SIZE"}).text == "Matrix: Line 1 must be NAME = value1, value2."
    assert person.post(f"/ui/task/{task_id}/forecast", **{**typed, "matrix": "", "parallel": ""}).text.startswith("3 executions")
    seeds = "SEED = " + ", ".join(map(str, range(5000)))
    assert person.post(f"/ui/task/{task_id}/forecast", **{**typed, "matrix": seeds}).text.startswith(f"5,000 combinations {BY} 3 times = 15,000 executions")
