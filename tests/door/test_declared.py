"""A route that says nothing of who may use it stops the start; one that is added later is refused to everybody."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.views import MethodView

from app import api, create_app, pages
from app.config import Settings
from app.door import UndeclaredAction, UndeclaredRole, needs, public
from app.extensions import huey
from app.roles import Role
from tests.door.conftest import Program


def forgotten() -> str:
    return "open"


class Half(MethodView):
    """One of its methods declares a role."""

    @needs(Role.VIEWER)
    def get(self) -> str:
        return "open"

    def delete(self) -> str:
        return "open"


HALF = Half.as_view("half")


@pytest.fixture
def start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Flask]]:
    """Start an application with one route more, of the API or of the pages."""

    def started(where: object, view: Callable[[], str], **rule: object) -> Flask:
        register = where.register  # type: ignore[attr-defined]

        def more(app: Flask) -> None:
            register(app)
            app.add_url_rule("/more/", "more", view, **rule)

        monkeypatch.setattr(where, "register", more)
        return create_app(settings)

    yield started
    huey.storage.close()


@pytest.mark.parametrize("where", [api, pages], ids=["api", "pages"])
def test_a_view_that_declares_nothing_stops_the_start(start: Callable[..., Flask], where: object) -> None:
    with pytest.raises(UndeclaredRole, match=r"GET more, HEAD more\. Give each"):
        start(where, forgotten)


def test_a_method_that_declares_nothing_stops_the_start_though_another_does(start: Callable[..., Flask]) -> None:
    with pytest.raises(UndeclaredRole, match=r"These routes declare no role: DELETE more\."):
        start(api, HALF)


def test_one_that_is_added_to_a_view_that_is_there_stops_it_too(start: Callable[..., Flask]) -> None:
    with pytest.raises(UndeclaredRole, match="PURGE more"):
        start(api, HALF, methods=["GET", "PURGE"])


def test_one_that_may_change_something_and_does_not_say_what_stops_the_start(start: Callable[..., Flask]) -> None:
    with pytest.raises(UndeclaredAction, match=r"These routes do not say what they change: POST more\."):
        start(api, needs(Role.OPERATOR)(lambda: "open"), methods=["GET", "POST"])


@pytest.mark.parametrize("mark", [public, needs(Role.VIEWER), needs(Role.ADMIN)], ids=["public", "viewer", "admin"])
def test_what_declares_something_starts(start: Callable[..., Flask], mark: Callable[..., Callable[[], str]]) -> None:
    assert "more" in start(api, mark(lambda: "open")).view_functions


def test_one_that_is_added_later_is_refused_to_everybody(app: Flask, stranger: Program, programs: dict[Role, Program]) -> None:
    app.add_url_rule("/later/", "later", forgotten, methods=["GET", "POST"])
    app.add_url_rule("/half/", "half", HALF)
    for method in ("GET", "HEAD", "POST"):
        assert stranger.request(method, "/later/").status_code == 401
        assert {program.request(method, "/later/").status_code for program in programs.values()} == {403}
    assert {program.request("DELETE", "/half/").status_code for program in programs.values()} == {403}
    assert {program.request("GET", "/half/").status_code for program in programs.values()} == {200}
