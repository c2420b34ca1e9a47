"""How much may be sent and asked for, and what every answer says and does not say."""

import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import sessions, tokens
from tests.pages.person import Person
from tests.support.estivador import Estivador
from tests.support.stepping import submitted
from tests.support.wire import exchanged, status_of

MIB = 1024 * 1024
METHODS = ("GET", "OPTIONS", "POST", "DELETE")
FORM = "application/x-www-form-urlencoded"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'"


# --- bodies ---


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estivador]:
    """A web server without a consumer: nothing here comes as far as a container."""
    place = Estivador(tmp_path_factory.mktemp("served") / "instance")
    try:
        place.start_web()
        yield place
    finally:
        place.close()


def head(place: Estivador, path: str, *lines: str, kind: str = "application/json") -> bytes:
    """The head of a POST as an admin."""
    common = (f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {place.token}", f"Content-Type: {kind}", "Connection: close")
    return "\r\n".join((*common, *lines, "", "")).encode()


def chunks(size: int) -> Iterator[bytes]:
    """A body in chunks, and its end."""
    for _ in range(size // 65536):
        yield b"10000\r\n" + b" " * 65536 + b"\r\n"
    if size % 65536:
        yield b"%x\r\n" % (size % 65536) + b" " * (size % 65536) + b"\r\n"
    yield b"0\r\n\r\n"


def is_refused(answer: bytes, kind: str) -> bool:
    return status_of(answer) == 413 and b"1 MiB" in answer and f"content-type: {kind}".encode() in answer.lower()


TO = [("/task/", "application/json", "application/json"), ("/ui/login/", FORM, "text/html")]


@pytest.mark.parametrize(("path", "sent", "answered"), TO, ids=["api", "page"])
def test_a_body_over_a_mebibyte_is_413_however_it_is_sent(served: Estivador, path: str, sent: str, answered: str) -> None:
    said = head(served, path, f"Content-Length: {MIB + 1}", kind=sent)
    assert is_refused(exchanged(served.port, said + b" " * (MIB + 1)), answered), "in one"
    assert is_refused(exchanged(served.port, said), answered), "by its length alone"
    assert is_refused(exchanged(served.port, head(served, path, "Content-Length: 99999999999999999999", kind=sent)), answered), "by any length"
    in_chunks = head(served, path, "Transfer-Encoding: chunked", kind=sent)
    assert is_refused(exchanged(served.port, [in_chunks, *chunks(MIB + 1)]), answered), "in chunks"
    assert is_refused(exchanged(served.port, [in_chunks, *chunks(8 * MIB)]), answered), "in many chunks"
    assert is_refused(exchanged(served.port, [in_chunks, *list(chunks(2 * MIB))[:-1]]), answered), "in chunks without an end"


@pytest.mark.parametrize(("path", "sent", "answered"), TO, ids=["api", "page"])
def test_a_body_of_a_mebibyte_is_read(served: Estivador, path: str, sent: str, answered: str) -> None:
    for request in (
        [head(served, path, f"Content-Length: {MIB}", kind=sent), b" " * MIB],
        [head(served, path, "Transfer-Encoding: chunked", kind=sent), *chunks(MIB)],
    ):
        answer = exchanged(served.port, request)
        assert status_of(answer) == {"/task/": 400, "/ui/login/": 403}[path]


def test_a_length_that_lies_reaches_nothing(served: Estivador) -> None:
    body = json.dumps({"repository": "busybox"}).encode()
    more = b"GET /task/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n"
    for lines, rest, wanted in (
        (["Content-Length: 5"], body + b" " * 2 * MIB, 400),
        (["Content-Length: -1"], body, 400),
        (["Content-Length: 1e3"], body, 400),
        (["Content-Length: 5", "Content-Length: 6"], body, 400),
        ([f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + more, 400),
        (["Transfer-Encoding: chunked, identity"], body, 400),
        (["Transfer-Encoding: chunked"], b"zz\r\n" + body, 400),
        (["Transfer-Encoding: chunked"], b"-5\r\n" + body, 400),
    ):
        answer = exchanged(served.port, head(served, "/task/", *lines) + rest)
        assert status_of(answer) in (wanted, 501), (lines, answer[:200])
        assert answer.count(b"HTTP/1.1 ") == 1, "one request has one answer"
    assert served.get("/task/") == [], "none of them registered anything"


# --- lists ---


def lists_of(client: FlaskClient) -> dict[str, Any]:
    """The paths of the API that are paged, by its own document."""
    document = client.get("/openapi.json").get_json()
    found = {}
    for path, methods in document["paths"].items():
        names = {parameter.get("name") for parameter in (*methods.get("get", {}).get("parameters", ()), *methods.get("parameters", ()))}
        if "page_size" in names:
            found[re.sub(r"{\w+}", "1", path)] = names
    return found


def test_no_list_gives_more_than_a_hundred_rows_at_a_time(app: Flask, client: FlaskClient) -> None:
    submitted(app, 1)
    paths = lists_of(client)
    assert {"/task/", "/result/", "/result/1/detail/", "/task/1/image/"} <= paths.keys()
    for path in paths:
        assert client.get(f"{path}?page_size=100").status_code == 200, path
        for size in ("101", "1000000", "0", "-1", "99999999999999999999", "x", "1e2", ""):
            answer = client.get(f"{path}?page_size={size}")
            assert answer.status_code == 422, (path, size)
            assert "page_size" in answer.text


# --- what every answer says ---


def told(answer: Any) -> dict[str, str | None]:
    names = ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy")
    return {name: answer.headers.get(name) for name in names}


def test_every_kind_of_answer_says_what_a_browser_may_do_with_it(app: Flask, client: FlaskClient) -> None:
    submitted(app, 2)
    found, kinds = {}, set()
    person, stranger = Person(app), app.test_client()
    person.sign_in()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:path:)?\w+>", "word", re.sub(r"<int:\w+>", "1", re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)))
        for method in METHODS:
            for name, ask in (("client", client.open), ("stranger", stranger.open), ("person", person.client.open)):
                answer = ask(path, method=method, buffered=True)
                kinds.add(answer.status_code)
                html = answer.mimetype == "text/html"
                policy = told(answer).pop("Content-Security-Policy")
                wanted = POLICY if html else POLICY_OF_DATA
                as_wanted = policy == wanted or (path == "/ui/api/" and html and policy is not None and policy.startswith("default-src 'none'"))
                if (answer.headers.get("X-Content-Type-Options"), answer.headers.get("Referrer-Policy"), as_wanted) != ("nosniff", "no-referrer", True):
                    found[name, method, path] = (answer.status_code, told(answer))
    assert found == {}
    assert {200, 302, 401, 403, 404, 405} <= kinds


def test_refusals_of_every_kind_say_it_too(app: Flask, client: FlaskClient) -> None:
    submitted(app, 1)
    asked = {
        400: client.post("/task/", data="{", content_type="application/json"),
        409: [client.post("/result/1/", json={"operation": "CANCEL"}) for _ in range(2)][-1],
        413: client.post("/task/", data=b" " * (MIB + 1), content_type="application/json"),
        415: client.post("/task/", data="x", content_type="text/plain"),
        422: client.post("/task/", json={}),
        308: client.get("/task"),
        429: [app.test_client().get("/task/", headers={"Authorization": "Bearer x"}) for _ in range(11)][-1],
    }
    for answer in asked.values():
        answer.close()
        policy = POLICY if answer.mimetype == "text/html" else POLICY_OF_DATA
        assert told(answer) == {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy}, answer.status
    assert {code: answer.status_code for code, answer in asked.items() if code != answer.status_code} == {}


def test_a_raw_log_is_a_file_from_the_api_too(app: Flask, client: FlaskClient) -> None:
    submitted(app, 1)
    for query in ("", "?stream=stdout", "?tail=1", "?timestamps=1"):
        answer = client.get(f"/result/1/detail/1/log/{query}")
        assert (answer.status_code, answer.mimetype, answer.headers["X-Content-Type-Options"]) == (200, "text/plain", "nosniff")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="result-1-execution-0.log"'


# --- defects ---


@pytest.mark.parametrize("text", ["inner <secret>", "no such table: token"])
def test_a_defect_at_the_door_shows_an_id_that_the_log_has_and_nothing_else(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    person = Person(app)
    person.sign_in()
    with patch.object(sessions, "authenticate", side_effect=RuntimeError(text)), patch.object(tokens, "authenticate", side_effect=RuntimeError(text)):
        for answer in (client.get("/task/"), client.delete("/task/1/"), client.get("/nowhere"), person.get("/ui/"), person.get("/ui/nowhere/")):
            assert answer.status_code == 500
            found = re.findall(r"\b[0-9a-f]{16}\b", answer.text)
            assert len(found) == 1
            assert f"request {found[0]} failed" in caplog.text
            assert not re.search(r"inner|secret>|no such table|RuntimeError|Traceback|\.py\b", answer.text)
