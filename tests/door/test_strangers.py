"""Nobody enters without a token: every method of every address of the application's map, however it is written and whatever its headers say."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from flask import Flask

from app.roles import Role
from tests.door.conftest import Program
from tests.door.routes import asked, paths_of
from tests.support.stepping import submitted

READING = ("GET", "HEAD", "OPTIONS")
OPEN = {*((method, path) for method in READING for path in ("/health/", "/ui/login/", "/static/word")), ("POST", "/ui/login/")}
"""What nobody needs to be somebody for. The POST is refused for its lack of a CSRF token."""


def entered(stranger: Program, what: Iterator[tuple[str, str]] | list[tuple[str, str]], **more: object) -> dict[tuple[str, str], int]:
    """What of it was answered by anything but 401 and 403."""
    answers = {(method, path): stranger.request(method, path, **more).status_code for method, path in what}
    assert answers
    return {one: code for one, code in answers.items() if code not in (401, 403)}


def test_the_map_has_the_whole_application(app: Flask) -> None:
    found = set(asked(app))
    assert {("DELETE", "/task/1/"), ("TRACE", "/token/"), ("POST", "/ui/task/1/"), ("GET", "/ui/result/1/detail.csv"), ("GET", "/static/word")} <= found
    assert len(found) > 400


def test_every_method_of_every_address_asks_who_it_is(app: Flask, stranger: Program) -> None:
    submitted(app, 1)
    assert entered(stranger, asked(app)).keys() == OPEN - {("POST", "/ui/login/")}


def respelled(path: str) -> Iterator[str]:
    """Other ways to write an address, some of which lead to it where a server is careless."""
    first = path.strip("/").split("/")[0]
    yield from (path.upper(), path.title(), path.swapcase()) if first else ()
    yield from (f"/{path}", f"//{path}", path.replace("/", "//"), f"{path}/", path.rstrip("/") or "//")
    yield from (f"/.{path}", f"/%2e{path}", f"/%2e%2e{path}", f"/health/..{path}", f"/health/%2e%2e{path}", f"/ui/login/%2e%2e/%2e%2e{path}")
    yield from (f"/%2f{path[1:]}", f"/{path[1:].replace('/', '%2F')}", f"/{path[1:].replace('/', chr(92))}", f"/%5c{path[1:]}")
    yield from (f"{path}.", f"{path}%20", f"{path}%00", f"{path};/health/", f"{path}?x=/health/", f"{path}.json", f"{path}index.html", f"{path}..;/")
    yield from (f"/%{ord(first[0]):02x}{path[2:]}", f"/%25{ord(first[0]):02x}{path[2:]}") if first else ()


def test_no_other_spelling_leads_past_the_door(app: Flask, stranger: Program) -> None:
    submitted(app, 1)
    spelled = {other for path in paths_of(app) for other in respelled(path)}
    assert len(spelled) > 1000
    found = entered(stranger, [(method, path) for path in spelled for method in ("GET", "POST")])
    # Any number of slashes before an address is one.
    opened = {("/" + unquote(urlsplit(path).path).lstrip("/"), code) for (_, path), code in found.items()}
    assert {path for path, code in opened if not (path.startswith("/static/") and code == 404)} == {"/health/", "/ui/login/"}


def test_no_other_method_leads_past_the_door(app: Flask, stranger: Program) -> None:
    what = [(method, path) for method in ("PROPFIND", "CONNECT", "get", "Post", "DEBUG", "") for path in paths_of(app)]
    assert {path for _, path in entered(stranger, what)} <= {path for _, path in OPEN}


LIES = (
    {"X-HTTP-Method-Override": "GET", "X-HTTP-Method": "GET", "X-Method-Override": "GET"},
    {"X-HTTP-Method-Override": "OPTIONS", "X-HTTP-Method": "OPTIONS", "X-Method-Override": "OPTIONS"},
    {"X-Original-URL": "/health/", "X-Rewrite-URL": "/health/", "X-Forwarded-Path": "/health/", "X-Forwarded-Prefix": "/health", "X-Script-Name": "/health"},
    {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "https",
     "Forwarded": "for=127.0.0.1;host=localhost;proto=https", "X-Forwarded-User": "admin", "X-Remote-User": "admin", "Remote-User": "admin"},
    {"Accept": "application/json", "HX-Request": "true", "Sec-Fetch-Site": "same-origin", "Origin": "http://localhost", "Referer": "http://localhost/ui/login/"},
    {"Authorization": "Basic YWRtaW46YWRtaW4=", "Proxy-Authorization": "Bearer x", "Cookie": "estivador-8000=admin; session=admin"},
)  # fmt: skip


@pytest.mark.parametrize("headers", LIES, ids=["read", "options", "elsewhere", "proxy", "script", "credentials"])
def test_no_header_leads_past_the_door(app: Flask, stranger: Program, headers: dict[str, str]) -> None:
    what = [(method, path) for method in ("GET", "POST", "DELETE") for path in paths_of(app) if (method, path) not in OPEN]
    assert entered(stranger, what, headers=headers) == {}


def test_no_field_of_a_form_makes_it_another_method(app: Flask, stranger: Program) -> None:
    what = [("POST", path) for path in paths_of(app)]
    for method in ("GET", "OPTIONS", "DELETE"):
        assert entered(stranger, what, query_string={"_method": method}, data={"_method": method}) == {}


def test_no_token_in_an_address_opens_it(app: Flask, stranger: Program, texts: dict[Role, str]) -> None:
    text = texts[Role.ADMIN]
    what = [("GET", path) for path in paths_of(app) if ("GET", path) not in OPEN]
    assert entered(stranger, what, query_string={"token": text, "access_token": text, "secret": text, "Authorization": f"Bearer {text}"}) == {}
