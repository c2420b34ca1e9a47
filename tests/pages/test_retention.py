"""The page of retention, and what pages say of a log that was removed."""

import pytest
from flask import Flask

from app.config import Keep
from app.extensions import huey
from app.models import write
from tests.pages.person import Person
from tests.support.kept import ended, limit, log_file, tidy
from tests.support.rows import task_row
from tests.support.stepping import empty_queue, run_jobs


@pytest.fixture
def two_ended(app: Flask) -> None:
    """Result 1 ended 40 days ago, result 2 10 days ago; each has a log."""
    with app.app_context():
        with write():
            task_id = task_row()
        for days in (40, 10):
            log_file(app, ended(task_id, days), 8)
        tidy()


def test_engines_and_results_lead_there(person: Person) -> None:
    for path in ("/ui/engine/", "/ui/result/"):
        assert 'href="/ui/retention/"' in person.get(path).text


@pytest.mark.usefixtures("two_ended")
def test_it_shows_what_is_kept_stored_and_due(app: Flask, person: Person) -> None:
    page = person.get("/ui/retention/").text
    assert "Results that have ended are kept for ever." in page
    assert "Nothing is above the limits." in page
    assert "16.0 KiB" in page
    limit(app, Keep(results_days=30, logs_days=7))
    page = person.get("/ui/retention/live").text
    assert "for 30 days after their end" in page
    assert "of 1 results, 8.0 KiB" in page
    with app.app_context():
        tidy()
    page = person.get("/ui/retention/").text
    assert 'id="run-' in page
    assert "Nothing is above the limits." in page


@pytest.mark.usefixtures("two_ended")
def test_it_is_tidied_after_a_page_that_names_what_goes(app: Flask, person: Person) -> None:
    assert person.get("/ui/retention/tidy/").status_code == 409, "nothing is due"
    limit(app, Keep(results_days=30, logs_days=7))
    page = person.get("/ui/retention/tidy/").text
    assert "What is above the limits goes: 1 result with 1 execution, the logs of 1 result (8.0 KiB)." in page
    assert 'name="expect" value="2"' in page
    with app.app_context():
        empty_queue()
        for form in ({"expect": "1"}, {}):
            assert person.post("/ui/retention/tidy/", **form).status_code == 409
        assert len(huey) == 0
        answer = person.post("/ui/retention/tidy/", expect="2")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/ui/retention/")
        run_jobs()
    assert person.get("/ui/result/1/").status_code == 404


@pytest.mark.usefixtures("two_ended")
def test_a_log_that_was_removed_did_not_write_nothing(app: Flask, person: Person) -> None:
    limit(app, Keep(logs_days=7))
    with app.app_context():
        tidy()
    page = person.get("/ui/result/2/detail/2/").text
    assert "The logs of result 2 were removed on" in page
    assert "It wrote nothing." not in page
    assert "were removed" in person.get("/ui/result/2/").text
    raw = person.get("/ui/result/2/detail/2/log/")
    assert (raw.status_code, "were removed on" in raw.text) == (410, True)
    assert "hx-get" not in person.get("/ui/result/2/detail/2/log/tail?after=1").text
    before = person.get("/ui/result/2/detail/2/log/before?line=10")
    assert (before.status_code, before.headers["HX-Refresh"]) == (410, "true")
