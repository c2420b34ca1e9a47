"""What each role may do: all that the application declares is so, and what it declares is what was meant."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.door import PAGES, is_public, role_of
from app.roles import Role
from tests.door.conftest import Program
from tests.door.routes import asked, endpoint_of
from tests.pages.person import Person
from tests.support.stepping import submitted

Asked = tuple[str, str]
BROKEN = {"data": b"{", "content_type": "application/json", "headers": {"Idempotency-Key": "k"}}
"""A body that whoever looked at it would answer with 400."""


def guarded(app: Flask, pages: bool) -> dict[Asked, Role | None]:
    """What the API or the pages can be asked, with the role that it needs; None where nothing takes it."""
    found: dict[Asked, Role | None] = {}
    for method, path in asked(app):
        endpoint = endpoint_of(app, method, path)
        is_page = (path == "/" or path.startswith("/ui")) if endpoint is None else endpoint.startswith(f"{PAGES}.")
        if is_page == pages and not path.startswith("/static/") and not (endpoint and is_public(app, endpoint)):
            found[method, path] = role_of(app, endpoint, method) if endpoint else None
    return found


def refused_to(role: Role, what: dict[Asked, Role | None]) -> set[Asked]:
    """What of it the role does not include."""
    return {one for one, needed in what.items() if needed is not None and not role.may(needed)}


def unlike(answers: dict[Asked, TestResponse], is_right: Callable[[TestResponse], bool]) -> dict[Asked, int]:
    return {one: answer.status_code for one, answer in answers.items() if not is_right(answer)}


@pytest.mark.parametrize("role", [*Role])
def test_the_api_refuses_what_a_role_does_not_include_before_it_reads_the_request(
    app: Flask, programs: dict[Role, Program], record: Callable[[], list[str]], role: Role
) -> None:
    submitted(app, 1)
    what, program = guarded(app, pages=False), programs[role]
    program.request("GET", "/task/")
    before = record()
    answers = {one: program.request(*one, **BROKEN) for one in refused_to(role, what)}
    assert unlike(answers, lambda answer: answer.status_code == 403 and answer.headers.get("WWW-Authenticate") is None) == {}
    for (method, path), answer in answers.items():
        assert method == "HEAD" or f"needs the role {what[method, path]}, and your token has the role {role}" in answer.get_json()["message"]
    assert record() == before
    assert bool(answers) == (role != Role.ADMIN)


@pytest.mark.parametrize("role", [*Role])
def test_the_api_lets_a_role_do_what_it_includes(app: Flask, programs: dict[Role, Program], role: Role) -> None:
    submitted(app, 1)
    what = guarded(app, pages=False)
    allowed = [one for one in what if one not in refused_to(role, what)]
    answers = {one: programs[role].request(*one) for one in allowed}
    assert unlike(answers, lambda answer: answer.status_code not in (401, 403) and answer.status_code != 500) == {}
    for (method, path), answer in answers.items():
        assert (answer.status_code == 405) == (what[method, path] is None), (method, path)


@pytest.mark.parametrize("role", [*Role])
def test_the_pages_refuse_what_a_role_does_not_include(app: Flask, people: dict[Role, Person], record: Callable[[], list[str]], role: Role) -> None:
    submitted(app, 1)
    what, person = guarded(app, pages=True), people[role]
    before = record()
    answers = {one: person.request(*one, data={"csrf_token": person.csrf, "repository": "x"}) for one in refused_to(role, what)}
    assert unlike(answers, lambda answer: answer.status_code == 403) == {}
    for (method, path), answer in answers.items():
        assert method == "HEAD" or f"the role {what[method, path]}" in answer.text, (method, path)
    assert record() == before
    assert bool(answers) == (role != Role.ADMIN)


@pytest.mark.parametrize("role", [*Role])
def test_the_pages_let_a_role_do_what_it_includes(app: Flask, people: dict[Role, Person], role: Role) -> None:
    submitted(app, 1)
    what, person = guarded(app, pages=True), people[role]
    allowed = [one for one in what if one not in refused_to(role, what) and "/logout/" not in one[1] and what[one] is not None]
    answers = {one: person.request(*one, data={"csrf_token": person.csrf}) for one in allowed}
    assert unlike(answers, lambda answer: answer.status_code not in (401, 403) and answer.status_code != 500) == {}
    assert person.post("/ui/logout/").status_code == 303


def test_what_nothing_takes_does_nothing_whoever_asks(app: Flask, people: dict[Role, Person], record: Callable[[], list[str]]) -> None:
    submitted(app, 1)
    before = record()
    nothing = [one for one, needed in guarded(app, pages=True).items() if needed is None]
    for person in people.values():
        # Where no endpoint is, a session is nobody's.
        answers = {one: person.request(*one, data={"csrf_token": person.csrf}) for one in nothing}
        assert unlike(answers, lambda answer: answer.status_code == 401) == {}
    assert record() == before


# What was meant, in words of this file's own, so that a declaration that is wrong is seen. A new route is to be added here.

NOBODY_BUT_ADMINS = (
    "/token/", "/token/1/", "/audit/", "/audit.ndjson", "POST /retention/",
    "/ui/token/", "/ui/token/1/revoke/", "/ui/audit/", "/ui/audit.ndjson", "/ui/retention/tidy/",
)  # fmt: skip
OPERATORS = (
    "POST /task/", "POST /task/1/", "PATCH /task/1/", "DELETE /task/1/", "POST /result/", "POST /result/1/", "DELETE /result/1/", "POST /result/1/detail/1/",
    "/ui/task/new/", "POST /ui/task/1/", "POST /ui/task/1/forecast", "/ui/task/1/edit/", "POST /ui/task/1/import/", "/ui/task/1/delete/",
    "/ui/result/stop/", "/ui/result/delete/", "POST /ui/result/1/", "/ui/result/1/cancel/", "/ui/result/1/kill/", "/ui/result/1/delete/",
    "/ui/result/1/rerun/", "/ui/result/1/rerun/failed/", "POST /ui/result/1/detail/1/", "/ui/result/1/detail/1/kill/", "POST /ui/result/1/detail/1/rerun/",
)  # fmt: skip


def meant(method: str, path: str) -> Role:
    """The role that is meant to be needed: reading is a viewer's, but for what is in the lists above."""
    plain = path.replace("/word/", "/1/")
    for role, listed in ((Role.ADMIN, NOBODY_BUT_ADMINS), (Role.OPERATOR, OPERATORS)):
        if plain in listed or f"{method} {plain}" in listed:
            return role
    assert method in ("GET", "HEAD") or plain == "/ui/logout/", f"{method} {plain} changes something: say above whose it is."
    return Role.VIEWER


def declared(app: Flask) -> Iterator[tuple[Asked, Role]]:
    for pages in (False, True):
        for (method, path), needed in guarded(app, pages).items():
            # What only tells which methods there are, and the page of what is not there, are everybody's who is signed in.
            if needed is not None and method != "OPTIONS" and path != "/ui/word" and endpoint_of(app, method, path) != "ui.nowhere":
                yield (method, path), needed


def test_what_is_declared_is_what_was_meant(app: Flask) -> None:
    found = dict(declared(app))
    assert len(found) > 100
    assert {one: needed for one, needed in found.items() if needed != meant(*one)} == {}


def test_the_lists_of_what_was_meant_name_only_what_there_is(app: Flask) -> None:
    there = {(method, path.replace("/word/", "/1/")) for (method, path), _ in declared(app)}
    for listed in (*NOBODY_BUT_ADMINS, *OPERATORS):
        method, _, path = listed.rpartition(" ")
        assert any(one == path and (not method or method == other) for other, one in there), listed


def test_a_role_includes_those_before_it() -> None:
    order = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]
    assert {(one, other) for one, other in product(Role, Role) if one.may(other)} == {(one, other) for one in order for other in order[: order.index(one) + 1]}
