"""Which names it answers to, and whom it believes about who asks. All routes come from the application's own map."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import event

from app import create_app
from app.config import Settings
from app.extensions import db, huey
from app.services import sessions, tokens
from app.services.setup import prepare
from tests.pages.person import Person, cookie_of
from tests.support.estivador import Estivador
from tests.support.wire import exchanged, status_of

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
WRONG = (
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "localhost.", "127.0.0.1.:8000", "127.1", "2130706433", "0.0.0.0",
    "[::]", "[::1", "::1", "[::1]x", "user@localhost", "localhost@evil.example", "localhost:", "localhost:x", "localhost:99999", "localhost:8000:8000",
    "localhost,evil.example", "localhost evil.example", "localhost/evil", "http://localhost", "<script>", "\u0130", "", " ", ".", ":", "[", "]", "a" * 300, "%6cocalhost",
)  # fmt: skip


def routes(app: Flask) -> Iterator[str]:
    """Each path of the map, with a 1 or a word in each gap."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
        yield re.sub(r"<(?:path:)?\w+>", "word", re.sub(r"<int:\w+>", "1", path))


def test_every_route_refuses_another_host_before_anything_else(app: Flask, client: FlaskClient) -> None:
    paths = {*routes(app), "/nowhere", "/ui/nowhere", "/static/app.css", "/task", "/ui"}
    assert len(paths) > 60
    answers: dict[Any, Any] = {}
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_: statements.append(statement))
    with patch.object(tokens, "authenticate", side_effect=AssertionError), patch.object(sessions, "authenticate", side_effect=AssertionError):
        for path in paths:
            for method in METHODS:
                answer = client.open(path, method=method, headers={"Host": "evil.example"}, buffered=True)
                answers[method, path] = answer.status_code, "evil" in answer.text, method == "HEAD" or "ESTIVADOR_HOSTS" in answer.text
    assert {asked: answer for asked, answer in answers.items() if answer != (400, False, True)} == {}
    assert statements == [], "nothing is read or written for it"


def test_what_is_no_host_of_ours_is_400_and_is_not_said_back(client: FlaskClient) -> None:
    for host in WRONG:
        for path in ("/task/", "/ui/", "/static/app.css", "/ui/login/", "/health/", "/task", "//"):
            answer = client.get(path, environ_overrides={"HTTP_HOST": host.encode().decode("latin-1")})
            assert answer.status_code == 400, (host, path)
            assert "ESTIVADOR_HOSTS" in answer.text
            assert len(host) < 4 or host not in answer.text
            assert not answer.headers.get("Location")


def test_its_own_names_are_answered_on_any_port(client: FlaskClient) -> None:
    for host in ("localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000", "LocalHost:8000"):
        assert client.get("/task/", headers={"Host": host}).status_code == 200, host


def test_the_refusal_is_json_from_the_api_and_a_page_from_the_pages(client: FlaskClient) -> None:
    for path, mimetype in (("/task/", "application/json"), ("/static/app.css", "application/json"), ("/ui/", "text/html"), ("/ui/nowhere", "text/html")):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert answer.mimetype == mimetype
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_settings_add_names(settings: Settings) -> None:
    named = replace(settings, host="192.0.2.7", hosts=("estivador.example.org", "[2001:db8::1]"))
    application = create_app(named)
    stranger = application.test_client()
    try:
        for host in ("estivador.example.org", "ESTIVADOR.example.org:8443", "[2001:DB8::1]:443", "192.0.2.7:8000", "localhost"):
            assert stranger.get("/health/", headers={"Host": host}).status_code == 200, host
        for host in ("www.estivador.example.org", "example.org", "[2001:db8::2]"):
            assert stranger.get("/health/", headers={"Host": host}).status_code == 400, host
    finally:
        huey.storage.close()


def test_the_server_refuses_it_on_the_wire_too(tmp_path: Path) -> None:
    place = Estivador(tmp_path / "instance")
    try:
        place.start_web()
        for lines in (b"Host: evil.example", b"Host:", b"X: y", b"Host: localhost\r\nHost: evil.example", b"Host: evil.example\r\nX-Forwarded-Host: localhost"):
            for line in (b"GET /health/ HTTP/1.1", b"GET http://localhost/health/ HTTP/1.1", b"GET /health/ HTTP/1.0", b"GET /static/app.css HTTP/1.1"):
                answer = exchanged(place.port, line + b"\r\n" + lines + b"\r\nConnection: close\r\n\r\n")
                assert status_of(answer) == 400, (line, lines, answer)
                assert b"evil" not in answer
    finally:
        place.close()


# --- what stands in front ---

SAID = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=6.6.6.6;proto=https",
}


@pytest.fixture
def behind_tls(settings: Settings, prepared: Path) -> Iterator[Flask]:
    """An application that is told that a server ends TLS in front of it."""
    shutil.copytree(prepared, settings.instance)
    application = create_app(replace(settings, in_front="tls"))
    with application.app_context():
        prepare(settings)
    yield application
    with application.app_context():
        db.engine.dispose()
    huey.storage.close()


def seen(app: Flask, headers: dict[str, str]) -> tuple[str | None, str, str]:
    """Address, scheme and host of a request as the application sees them."""
    found: list[tuple[str | None, str, str]] = []
    app.before_request_funcs[None].insert(0, lambda: found.append((request.remote_addr, request.scheme, request.host)))
    app.test_client().get("/health/", headers=headers)
    return found[0]


def test_nobody_is_believed_about_who_asks_unless_something_stands_in_front(app: Flask) -> None:
    assert seen(app, SAID) == ("127.0.0.1", "http", "localhost")


def test_a_server_in_front_is_believed_about_the_last_step_alone(behind_tls: Flask) -> None:
    assert seen(behind_tls, SAID) == ("203.0.113.9", "https", "localhost")


def test_behind_tls_the_cookie_goes_by_tls_alone_and_a_browser_stays_with_it(behind_tls: Flask) -> None:
    person = Person(behind_tls)
    person.client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    assert cookie_of(person.sign_in(), person.cookie_name)["secure"] is True
    for path in ("/ui/", "/health/", "/task/", "/static/app.css", "/ui/nowhere"):
        assert person.get(path).headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "Strict-Transport-Security" not in behind_tls.test_client().get(path, buffered=True).headers, "not where there is no TLS"


def test_without_tls_the_cookie_comes_by_http_and_nothing_else_is_promised(app: Flask) -> None:
    person = Person(app)
    answer = person.sign_in()
    assert not cookie_of(answer, person.cookie_name)["secure"]
    assert "Strict-Transport-Security" not in answer.headers


def test_the_server_takes_no_scheme_from_who_asks(tmp_path: Path) -> None:
    place = Estivador(tmp_path / "instance")
    try:
        place.start_web()
        answer = place.request("GET", "/task", headers={**SAID, "X-Forwarded-Ssl": "on", "Script-Name": "/evil"}, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (308, place.url("/task/"))
    finally:
        place.close()


@pytest.mark.parametrize("said", [{"ESTIVADOR_HOST": "0.0.0.0"}, {"GUNICORN_CMD_ARGS": "--bind 0.0.0.0:0"}], ids=["setting", "command"])
def test_the_server_does_not_start_where_others_could_reach_it(tmp_path: Path, said: dict[str, str]) -> None:
    place = Estivador(tmp_path / "instance")
    try:
        process = place.start_process("gunicorn", "wsgi:app", **said)
        assert process.wait(30) != 0
        assert "Traceback" not in place.said("gunicorn")
        assert "ESTIVADOR_IN_FRONT=tls" in place.said("gunicorn")
    finally:
        place.close()
