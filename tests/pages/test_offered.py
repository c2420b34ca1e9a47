"""What a role may not do is not offered to it, and what it may do is: on every page that it sees, with nothing to show and with all there can be."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import insert, update

from app.door import is_public, role_of
from app.extensions import db
from app.models import Image, Result, Task, Tidying
from app.roles import Role
from app.services import tokens
from app.states import Status
from tests.pages.offered import endpoint_of, offers
from tests.pages.person import Person
from tests.support.rows import IMAGE, result_row, task_row

ENDED = [(Status.COMPLETE, 0.0, 9.0), (Status.ERROR, 1.0, 3.0), (Status.KILLED, 1.0, 4.0), (Status.CANCELLED, None, None)]
LIVE = [(Status.RUNNING, 1.0, None), (Status.QUEUED, None, None), (Status.ERROR, 1.0, 2.0)]
Offered = dict[str, set[tuple[str, str]]]
"""By endpoint: the methods and addresses that lead to it."""


def nothing() -> None:
    """Leave the instance as new."""


def everything() -> None:
    """Tasks and results of each kind, with images, housekeeping, labels, and logs that are gone."""
    one, _ = task_row("one"), task_row("never run")
    db.session.execute(update(Task).where(Task.id == one).values(image_id=IMAGE, labels={"team": "sea"}, parameters={"command": "true", "env": {"A": "1"}}))
    db.session.execute(insert(Image).values(task_id=one, image_id=IMAGE, pulled=True, imported_at=1.0))
    db.session.execute(insert(Tidying).values(at=1.0, error="Images stay."))
    db.session.commit()
    for executions in (ENDED, LIVE, ENDED * 2):
        result_row(one, executions)
    db.session.execute(update(Result).where(Result.id == 1).values(logs_removed_at=9.0))
    db.session.commit()
    tokens.create("guest", Role.VIEWER, 1)


STATES: dict[str, Callable[[], None]] = {"empty": nothing, "filled": everything}


def first_addresses(app: Flask) -> set[str]:
    """An address of every page that is read, for the first things there are; live regions too, which stand alone."""
    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("ui.") and "GET" in (rule.methods or ()) and "/<path:" not in rule.rule}
    paths = {re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", path) for path in paths}
    paths = {re.sub(r"<int:other_id>", "2", path) for path in paths}
    numbered = {re.sub(r"<int:(result|task)_id>", number, path) for path in paths for number in ("1", "2", "3")}
    return {re.sub(r"<\w+>", "word", re.sub(r"<int:detail_id>", str(detail), path)).replace("<int:place>", "0") for path in numbered for detail in (1, 5, 6)}


def seen(app: Flask, person: Person) -> Offered:
    """Follow everything that is read, once for each path; return all that is offered on the way, by endpoint."""
    found: Offered = {}
    left, been = first_addresses(app), set()
    while left:
        address = left.pop()
        been.add(urlsplit(address).path)
        answer = person.get(address)
        assert answer.status_code < 500 and answer.status_code != 401, (address, answer.status_code)
        if answer.mimetype != "text/html":
            continue
        for method, target in offers(answer.text, address):
            endpoint = endpoint_of(app, method, target)
            found.setdefault(endpoint, set()).add((method, target))
            if method == "GET" and endpoint.startswith("ui.") and urlsplit(target).path not in been:
                left.add(target)
    return found


def ways(app: Flask, offered: Offered) -> dict[tuple[str, str], str]:
    """The endpoints and methods that are offered, each with an address; but for those that are everybody's."""
    return {(endpoint, method): address for endpoint, found in offered.items() if not is_public(app, endpoint) for method, address in found}


def needed(app: Flask, endpoint: str, method: str) -> Role:
    role = role_of(app, endpoint, method)
    assert role is not None
    return role


@pytest.fixture(params=[*STATES])
def people(app: Flask, request: pytest.FixtureRequest) -> dict[Role, Person]:
    """Somebody of each role at an instance in some state."""
    with app.app_context():
        STATES[request.param]()
        found = {role: Person(app, tokens.create(f"the {role}", role)[1]) for role in Role}
    for person in found.values():
        person.sign_in()
    return found


def test_each_role_is_offered_what_it_may_do_and_nothing_else(app: Flask, people: dict[Role, Person]) -> None:
    to_an_admin = ways(app, seen(app, people[Role.ADMIN]))
    for role in (Role.VIEWER, Role.OPERATOR):
        offered = ways(app, seen(app, people[role]))
        assert {way: where for way, where in offered.items() if not role.may(needed(app, *way))} == {}, role
        assert {way for way in to_an_admin if role.may(needed(app, *way))} <= offered.keys(), role
        if role == Role.VIEWER:
            assert {endpoint for endpoint, method in offered if method != "GET"} == {"ui.login.sign_out"}


@pytest.mark.parametrize("people", ["filled"], indirect=True)
def test_an_admin_is_offered_every_page_there_is(app: Flask, people: dict[Role, Person]) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("ui.")}
    # Nothing leads to these here: where somebody comes in, where a log goes on while it grows or is long, and what removes what is due.
    unseen = {"ui.dashboard.front", "ui.login.form", "ui.login.sign_in", "ui.nowhere", "ui.logs.tail", "ui.logs.before", "ui.retention.tidy"}
    assert pages - seen(app, people[Role.ADMIN]).keys() <= unseen


SAYS = {
    "/ui/": "Ask an operator",
    "/ui/task/": "Ask an operator",
    "/ui/result/": "Once an operator runs a task",
}


@pytest.mark.parametrize("people", ["empty"], indirect=True)
def test_where_there_is_nothing_a_viewer_is_told_whom_to_ask(people: dict[Role, Person]) -> None:
    for path, says in SAYS.items():
        assert says in people[Role.VIEWER].get(path).text
        assert says not in people[Role.OPERATOR].get(path).text


@pytest.mark.parametrize("people", ["filled"], indirect=True)
def test_a_viewer_sees_what_a_tasks_runs_take_in_place_of_the_form(people: dict[Role, Person]) -> None:
    viewer, operator = (people[role].get("/ui/task/1/").text for role in (Role.VIEWER, Role.OPERATOR))
    assert ("What its runs take by default" in viewer, 'id="run"' in viewer) == (True, False)
    assert ("What its runs take by default" in operator, 'id="run"' in operator) == (False, True)
    assert "A=1" in viewer


@pytest.mark.parametrize("people", ["filled"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path", "back"),
    [
        ("GET", "/ui/task/1/edit/", "/ui/task/1/"),
        ("POST", "/ui/task/1/", "/ui/task/1/"),
        ("POST", "/ui/task/1/forecast", "/ui/task/1/"),
        ("GET", "/ui/result/3/rerun/failed/", "/ui/result/3/"),
        ("POST", "/ui/result/1/detail/2/rerun/", "/ui/result/1/detail/2/"),
        ("GET", "/ui/result/delete/", "/ui/result/"),
        ("GET", "/ui/task/new/", "/ui/task/"),
    ],
)
def test_what_is_refused_says_which_role_it_needs_and_leads_back(people: dict[Role, Person], method: str, path: str, back: str) -> None:
    person = people[Role.VIEWER]
    answer = person.request(method, path, data={"csrf_token": person.csrf})
    assert answer.status_code == 403
    assert "needs the role operator, and your token has the role viewer" in answer.text
    assert f'<a href="{back}">Back' in answer.text
    assert person.get(back).status_code == 200


@pytest.mark.parametrize("people", ["empty"], indirect=True)
def test_who_is_refused_a_whole_area_is_led_to_the_dashboard(people: dict[Role, Person]) -> None:
    answer = people[Role.OPERATOR].get("/ui/token/")
    assert (answer.status_code, "needs the role admin" in answer.text) == (403, True)
    assert ">Back" not in answer.text
    assert 'href="/ui/">To the dashboard' in answer.text


@pytest.mark.parametrize("people", ["empty"], indirect=True)
def test_every_page_says_who_is_signed_in_and_with_which_role(people: dict[Role, Person]) -> None:
    for role, person in people.items():
        assert re.search(rf'id="who"[^>]*>\s*the {role}, {role}\s*<', person.get("/ui/task/").text)


def test_a_region_that_was_anothers_is_not_taken_for_ones_own(app: Flask) -> None:
    with app.app_context():
        everything()
        texts = [tokens.create(role, role)[1] for role in (Role.OPERATOR, Role.VIEWER)]
    operator, viewer = (Person(app, text) for text in texts)
    for person in (operator, viewer):
        person.sign_in()
    etag = operator.get("/ui/result/2/live").headers["ETag"]
    assert operator.get("/ui/result/2/live", headers={"If-None-Match": etag}).status_code == 304
    answer = viewer.get("/ui/result/2/live", headers={"If-None-Match": etag})
    assert (answer.status_code, "Kill all" in answer.text) == (200, False)
