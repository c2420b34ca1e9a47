import csv
import io
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.schemas import DetailSchema
from app.extensions import db
from app.models import Detail
from app.services import exports, listing
from tests.support.stepping import ready_task, submitted


def test_the_columns_are_the_fields_of_an_execution() -> None:
    # Why one waits is worked out for who looks now, and would be old in a file.
    assert list(exports.COLUMNS) == [name for name in DetailSchema().fields if name != "waits_for"]


def test_lines_of_json_are_what_the_list_answers(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BATCH", 2)
    result_id = submitted(app, 5)
    with app.app_context():
        db.session.execute(db.update(Detail).where(Detail.position == 3).values(start=1.00049, end=3.2, exit_code=0, message="ümlaut\n", oom_killed=False))
        db.session.commit()
    answer = client.get(f"/result/{result_id}/detail.ndjson")
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    listed = client.get(f"/result/{result_id}/detail/").get_json()
    assert [json.loads(line) for line in answer.text.splitlines()] == [{key: row[key] for key in row if key != "waits_for"} for row in listed]


def test_a_csv_has_a_line_of_names_and_one_an_execution(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 3)
    answer = client.get(f"/result/{result_id}/detail.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="result-{result_id}.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["index"], row["status"], row["start"]) for row in rows] == [(str(index), "QUEUED", "") for index in range(3)]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_text_is_a_formula_to_a_spreadsheet(app: Flask, client: FlaskClient, begin: str) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        db.session.execute(db.update(Detail).values(message=f'{begin}HYPERLINK("x","y")', exit_code=-1, oom_killed=True))
        db.session.commit()
    row = next(csv.DictReader(io.StringIO(client.get(f"/result/{result_id}/detail.csv").text, newline="")))
    assert (row["message"], row["exit_code"], row["oom_killed"]) == (f'\'{begin}HYPERLINK("x","y")', "-1", "true")


def test_a_hundred_thousand_come_whole(app: Flask, client: FlaskClient) -> None:
    client.post(f"/task/{ready_task(app)}/", json={"times": 100_000})
    answer = client.get("/result/1/detail.csv")
    assert answer.is_streamed
    assert sum(1 for _ in answer.iter_encoded()) == 51, "the names, and a piece for each batch"
    assert len(client.get("/result/1/detail.csv").text.splitlines()) == 100_001


def test_what_has_ended_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    assert "ETag" not in client.get(f"/result/{result_id}/detail.csv").headers
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    for ending in ("csv", "ndjson"):
        etag = client.get(f"/result/{result_id}/detail.{ending}").headers["ETag"]
        assert client.get(f"/result/{result_id}/detail.{ending}", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_there_is_none_of_a_result_that_is_not_there(client: FlaskClient, ending: str) -> None:
    assert client.get(f"/result/9/detail.{ending}").status_code == 404
