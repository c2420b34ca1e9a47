"""Deleting from the pages: one result, a task, and all the ended ones that a filter selects, each after a page that asks."""

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests.pages.person import Person
from tests.support.stepping import submitted


@pytest.fixture
def two_ended(app: Flask, client: FlaskClient) -> None:
    """Results 1 and 2 are CANCELLED, result 3 waits."""
    for number in (1, 2, 3):
        submitted(app, number)
    for number in (1, 2):
        client.post(f"/result/{number}/", json={"operation": "CANCEL"})


@pytest.mark.usefixtures("two_ended")
def test_the_list_leads_to_a_page_that_names_count_and_consequence(person: Person) -> None:
    assert 'href="/ui/result/delete/?text=tool"' in person.get("/ui/result/?text=tool&page=1").text
    page = person.get("/ui/result/delete/?text=tool")
    assert "Delete 2 ended results?" in page.text
    assert "The record of 3 executions goes, with all logs. What is live stays. This can&#39;t be undone." in page.text
    assert 'action="/ui/result/delete/?text=tool"' in page.text
    assert 'name="expect" value="2"' in page.text
    answer = person.post("/ui/result/delete/?text=tool", expect="2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ui/result/?text=tool")
    assert "2 results are deleted." in person.get("/ui/result/?text=tool").text
    assert person.get("/ui/result/3/").status_code == 200


@pytest.mark.usefixtures("two_ended")
@pytest.mark.parametrize(
    "query", ["from=yesterday", "to=x", "status=NONSENSE", "status=CANCELLED&status=x", "task_id=one", "label=%3Dsea", f"text={'x' * 256}"]
)
def test_a_filter_that_is_not_understood_selects_nothing(person: Person, query: str) -> None:
    name = query.split("=", maxsplit=1)[0]
    for path in ("delete/", "stop/"):
        for answer in (person.get(f"/ui/result/{path}?{query}"), person.post(f"/ui/result/{path}?{query}", expect="3")):
            assert (answer.status_code, f"The filter `{name}` is not understood" in answer.text) == (422, True), path
    assert person.get(f"/ui/result/?{query}").status_code == 200
    assert person.get("/ui/result/1/").status_code == 200


@pytest.mark.usefixtures("two_ended")
def test_the_page_that_asks_says_the_filter(person: Person) -> None:
    page = person.get("/ui/result/delete/?status=CANCELLED&status=ERROR&text=tool&from=24h&to=&label=&task_id=1").text
    assert "Those with status ERROR or CANCELLED, text “tool”, task 1, submitted from 24h." in page
    assert "Those with status QUEUED." in person.get("/ui/result/stop/?operation=KILL&status=QUEUED").text
    assert "No filter is set: all results are meant." in person.get("/ui/result/stop/?operation=CANCEL").text


@pytest.mark.usefixtures("two_ended")
def test_nothing_is_deleted_where_the_number_is_another_or_none_is_said(person: Person) -> None:
    for form in ({"expect": "1"}, {"expect": "x"}, {"expect": "²"}, {}):
        assert person.post("/ui/result/delete/", **form).status_code == 409
    assert person.get("/ui/result/1/").status_code == person.get("/ui/result/2/").status_code == 200


@pytest.mark.usefixtures("two_ended")
def test_there_is_nothing_to_ask_where_nothing_has_ended(person: Person) -> None:
    answer = person.get("/ui/result/delete/?status=QUEUED")
    assert (answer.status_code, "nothing to delete" in answer.text) == (409, True)


@pytest.mark.usefixtures("two_ended")
def test_a_deleted_result_is_on_no_page(person: Person) -> None:
    assert person.post("/ui/result/1/delete/").status_code == 303
    for path in ("", "delete/", "kill/", "rerun/", "rerun/failed/", "detail.csv", "detail.ndjson", "at/0", "detail/1/", "detail/1/kill/", "detail/1/log/"):
        assert person.get(f"/ui/result/1/{path}").status_code == 404, path
    for path, words in (("live", "Result 1 is deleted"), ("detail/1/live", "Execution 1 is deleted")):
        page = person.get(f"/ui/result/1/{path}")
        assert (page.status_code, words in page.text, "hx-get" in page.text) == (200, True, False)
    for path in ("/ui/", "/ui/result/", "/ui/task/", "/ui/task/1/"):
        assert 'href="/ui/result/1/"' not in person.get(path).text, path


@pytest.mark.usefixtures("two_ended")
def test_a_deleted_task_is_on_no_page(person: Person) -> None:
    assert "1 result of it goes with it, with all logs." in person.get("/ui/task/1/delete/").text
    assert person.post("/ui/task/1/delete/").status_code == 303
    assert "Task 1 is deleted" in person.get("/ui/task/1/live").text
    for path in ("/ui/task/1/", "/ui/task/1/edit/", "/ui/task/1/delete/"):
        assert person.get(path).status_code == 404, path
    for path in ("/ui/", "/ui/result/", "/ui/task/"):
        assert 'href="/ui/task/1/"' not in person.get(path).text, path


GONE = ("/live", "/log/tail", "/forecast")
"""How the addresses of parts of pages end, which say that it is gone, or nothing, and stop the asking."""


def below(app: Flask, name: str, **ids: int) -> list[str]:
    """Every address of API and pages that a GET takes and that has `name` in it, for these ids."""
    values = {**ids, "place": 0, "form": "csv", "name": "x"}
    rules = [rule for rule in app.url_map.iter_rules() if name in rule.arguments and "GET" in (rule.methods or ())]
    with app.test_request_context():
        return [url_for(rule.endpoint, **{argument: values[argument] for argument in rule.arguments}) for rule in rules]


@pytest.mark.usefixtures("two_ended")
def test_no_address_shows_what_is_deleted(app: Flask, person: Person, client: FlaskClient) -> None:
    client.delete("/result/1/"), client.delete("/task/2/")
    paths = [*below(app, "result_id", result_id=1, detail_id=1, other_id=3), *below(app, "other_id", result_id=3, other_id=1)]
    paths += below(app, "task_id", task_id=2)
    assert len(paths) > 20
    for path in paths:
        answer = person.get(path) if path.startswith("/ui/") else client.get(path)
        if path.split("?")[0].endswith(GONE):
            assert (answer.status_code, "hx-get" in answer.text) == (200, False), path
        else:
            assert answer.status_code == 404, path
