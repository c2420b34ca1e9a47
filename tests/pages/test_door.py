"""Who gets to see a page, and what every answer tells the browser. All routes come from the application's own map."""

import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Session, Token
from app.services import tasks
from tests.pages.person import Person, cookie_of
from tests.support.stepping import submitted

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
POLICY_OF_THE_API_PAGE = POLICY.replace("img-src 'self'", "img-src 'self' data:")
POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'"
OPEN = {("GET", "/ui/login/"), ("HEAD", "/ui/login/"), ("OPTIONS", "/ui/login/"), ("POST", "/ui/login/")}


def pages_of(app: Flask) -> Iterator[tuple[str, str]]:
    """Each method and path of the blueprint of pages, with a 1 or a word in each gap."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("ui."):
            path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
            path = re.sub(r"<(?:path:)?\w+>", "word", re.sub(r"<int:\w+>", "1", path))
            yield from ((method, path) for method in sorted(rule.methods or ()))


def unlike(answers: dict[Any, Any], wanted: Any) -> dict[Any, Any]:
    """The answers that are not as wanted."""
    return {asked: answer for asked, answer in answers.items() if answer != wanted}


def test_the_map_has_all_pages(app: Flask) -> None:
    found = set(pages_of(app))
    assert {("GET", "/"), ("GET", "/ui/"), ("POST", "/ui/task/1/"), ("GET", "/ui/result/1/detail.csv"), ("PUT", "/ui/word")} <= found
    assert len(found) > 100


@pytest.mark.parametrize("headers", [{}, {"X-HTTP-Method-Override": "GET"}, {"Accept": "application/json"}], ids=["plain", "override", "json"])
def test_no_page_answers_a_stranger(app: Flask, stranger: Person, headers: dict[str, str]) -> None:
    stranger.get("/ui/login/")
    answers = {}
    for method, path in {*pages_of(app)} - OPEN:
        answer = stranger.request(method, path, data={"csrf_token": stranger.csrf}, headers=headers)
        answers[method, path] = (answer.status_code, answer.headers.get("WWW-Authenticate"))
    assert unlike(answers, (401, "Bearer")) == {}


def test_nothing_of_a_strangers_form_is_read(app: Flask, stranger: Person) -> None:
    asked = {(method, path) for method, path in pages_of(app) if method in UNSAFE} - OPEN
    body = Unread(b"x" * 1000)
    answers = {
        one: stranger.request(*one, input_stream=body, content_length=1000, content_type="application/x-www-form-urlencoded").status_code for one in asked
    }
    assert unlike(answers, 401) == {}


class Unread(io.BytesIO):
    """A body that fails who reads it."""

    def read(self, *size: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = readinto = read  # type: ignore[assignment]


SPELLINGS = (
    "/ui", "/ui/task", "/UI/task/", "/Ui/", "//ui/task/", "/ui//task/", "/ui/task//", "/ui/%2e%2e/task/", "/ui/login/../task/", "/ui/login/%2e%2e/task/",
    "/ui/task/%00", "/ui/Login/", "/ui/login/x", "/ui/task/;/ui/login/", "/ui/task/1/?next=/ui/login/",
)  # fmt: skip


def test_no_other_way_to_write_an_address_leads_past_the_door(stranger: Person) -> None:
    # The client would take what follows two slashes for a host.
    written = {path: {"PATH_INFO": unquote(path.partition("?")[0]), "HTTP_HOST": "localhost"} for path in SPELLINGS}
    asked = [(method, path) for method in (*SAFE, *UNSAFE, "TRACE", "PROPFIND") for path in SPELLINGS]
    answers = {(method, path): stranger.request(method, path, environ_overrides=written[path]).status_code for method, path in asked}
    assert {asked: code for asked, code in answers.items() if code not in (401, 403)} == {}


def test_the_login_and_static_files_are_open(stranger: Person) -> None:
    assert stranger.get("/ui/login/").status_code == 200
    assert stranger.get("/static/app.css").status_code == 200
    assert stranger.get("/static/nothing.css").status_code == 404


def test_the_sign_in_form_stands_where_a_page_was_asked_for_and_leads_back(stranger: Person) -> None:
    answer = stranger.get("/ui/result/?status=ERROR&page=2")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert 'name="next" value="/ui/result/?status=ERROR&amp;page=2"' in answer.text
    assert (
        stranger.post("/ui/login/", token=stranger.admin_token, next="/ui/result/?status=ERROR&page=2").headers["Location"] == "/ui/result/?status=ERROR&page=2"
    )


FOREIGN = (
    "https://evil.example/", "//evil.example/", "///evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)", "/ui/\\..\\",
    "/static/app.css", "/task/", "ui/", " /ui/", "/ui/\r\nX-Evil: 1", "/ui/\t", "/ui/\u202e", "",
)  # fmt: skip


def test_a_sign_in_leads_to_no_address_but_a_page_of_ours(stranger: Person) -> None:
    for wanted in FOREIGN:
        assert 'name="next" value=""' in stranger.get("/ui/login/", query_string={"next": wanted}).text, wanted
        assert stranger.post("/ui/login/", token=stranger.admin_token, next=wanted).headers["Location"] == "/ui/", wanted


def test_a_wrong_token_opens_no_session(stranger: Person) -> None:
    for text in ("", "x", "est_00000000_" + "a" * 43, "Bearer", stranger.admin_token[:-1], f"Bearer {stranger.admin_token}", "'\"\0<>"):
        stranger.get("/ui/login/")
        answer = stranger.post("/ui/login/", token=text)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert 'aria-invalid="true"' in answer.text
        assert text == "" or f'value="{text}"' not in answer.text
        assert stranger.get("/ui/").status_code == 401


def test_spaces_around_a_token_are_forgiven(stranger: Person) -> None:
    stranger.get("/ui/login/")
    assert stranger.post("/ui/login/", token=f"  {stranger.admin_token}\n").status_code == 303


def test_a_part_of_a_page_has_no_room_for_a_form_so_the_page_is_asked_for_again(stranger: Person) -> None:
    answer = stranger.get("/ui/result/1/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.data, answer.headers["HX-Refresh"]) == (401, b"", "true")


def test_the_api_ignores_the_session(app: Flask, person: Person) -> None:
    submitted(app, 1)
    assert person.get("/ui/task/1/").status_code == 200
    asked = {(method, path) for path in ("/task/", "/task/1/", "/result/1/detail/1/log/", "/openapi.json", "/ready/") for method in (*SAFE, *UNSAFE)}
    answers = {one: person.request(*one, data={"csrf_token": person.csrf}, headers={"X-CSRFToken": person.csrf}).status_code for one in asked}
    assert unlike(answers, 401) == {}


def test_the_pages_ignore_bearer_tokens(app: Flask, client: FlaskClient) -> None:
    assert client.get("/task/").status_code == 200
    asked = {path for method, path in pages_of(app) if method == "GET"} - {"/ui/login/"}
    assert unlike({path: client.get(path).status_code for path in asked}, 401) == {}


def test_an_address_without_its_last_slash_leads_on_who_is_signed_in(person: Person) -> None:
    for path in ("/ui", "/ui/task", "/ui/result"):
        assert person.get(path, follow_redirects=True).request.path == f"{path}/"


# --- forms ---


def unsafe_of(app: Flask) -> set[tuple[str, str]]:
    """Every method that could change something, of each address that takes a form."""
    return {(method, path) for asked, path in pages_of(app) if asked == "POST" for method in UNSAFE}


def nothing_happened(person: Person) -> bool:
    """The one result still waits, the one task is there, and the session goes on."""
    return "QUEUED" in person.get("/ui/result/1/live").text and person.get("/ui/task/1/").status_code == 200


def test_no_form_is_taken_without_its_csrf_token(app: Flask, person: Person, stranger: Person) -> None:
    submitted(app, 1)
    stranger.get("/ui/login/")
    for sent in ({}, {"csrf_token": ""}, {"csrf_token": "wrong"}, {"csrf_token": stranger.csrf}):
        answers = {one: person.request(*one, data=sent).status_code for one in unsafe_of(app)}
        assert unlike(answers, 403) == {}, sent
    assert nothing_happened(person)


ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "http://evil.example"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "http://localhost:81"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://["},
)  # fmt: skip


def test_no_form_is_taken_from_another_site_whatever_it_knows(app: Flask, person: Person, stranger: Person) -> None:
    submitted(app, 1)
    for headers in ELSEWHERE:
        answers = {one: person.request(*one, data={"csrf_token": person.csrf}, headers=headers).status_code for one in unsafe_of(app)}
        assert unlike(answers, 403) == {}, headers
        assert stranger.request("POST", "/ui/login/", headers=headers).status_code == 403, headers
    assert nothing_happened(person)


def test_a_form_of_ours_is_taken(person: Person) -> None:
    for name, headers in enumerate(({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}, {})):
        assert person.post("/ui/task/new/", headers=headers, repository="busybox", name=f"{name}").status_code == 303, headers


def test_no_other_method_changes_anything(app: Flask, person: Person) -> None:
    submitted(app, 1)
    for path in ("/ui/task/1/", "/ui/result/1/", "/ui/result/1/delete/"):
        for method in ("PUT", "PATCH", "DELETE"):
            assert person.request(method, path, data={"csrf_token": person.csrf}).status_code in (404, 405)
    assert nothing_happened(person)


# --- sessions ---


def test_the_cookie_is_out_of_scripts_and_other_sites_reach(app: Flask, stranger: Person) -> None:
    cookie = cookie_of(stranger.sign_in(), app.config["SESSION_COOKIE_NAME"])
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")
    assert stranger.admin_token not in cookie.value
    assert stranger.admin_token.split("_", 2)[2] not in cookie.value


def test_two_instances_on_one_machine_have_cookies_of_their_own(app: Flask) -> None:
    assert app.config["SESSION_COOKIE_NAME"] == f"estivador-{app.extensions['settings'].port}"


def test_a_session_ends_at_sign_out_for_whoever_kept_its_cookie(app: Flask, person: Person) -> None:
    kept = person.cookie
    assert person.post("/ui/logout/").headers["Location"] == "/ui/login/"
    assert person.get("/ui/").status_code == 401
    thief = Person(app)
    thief.client.set_cookie(thief.cookie_name, kept)
    assert thief.get("/ui/").status_code == 401


def test_signing_out_ends_no_other_session(app: Flask, person: Person) -> None:
    other = Person(app)
    other.sign_in()
    person.post("/ui/logout/")
    assert other.get("/ui/").status_code == 200


def test_a_sign_in_makes_a_new_session(app: Flask, stranger: Person) -> None:
    stranger.get("/ui/login/")
    planted, old_csrf = stranger.cookie, stranger.csrf
    stranger.sign_in()
    assert stranger.cookie != planted
    assert stranger.request("POST", "/ui/task/new/", data={"csrf_token": old_csrf, "repository": "a"}).status_code == 403
    thief = Person(app)
    thief.client.set_cookie(thief.cookie_name, planted)
    assert thief.get("/ui/").status_code == 401


def test_sessions_end_with_their_token(app: Flask, person: Person) -> None:
    with app.app_context():
        db.session.execute(db.delete(Token))
        db.session.commit()
        assert db.session.query(Session).count() == 0
    assert person.get("/ui/").status_code == 401


def test_a_session_ends_by_itself_after_its_time(app: Flask, person: Person) -> None:
    with app.app_context():
        db.session.execute(db.update(Session).values(ends_at=1.0))
        db.session.commit()
    assert person.get("/ui/").status_code == 401


def test_a_cookie_that_another_instance_signed_is_nobodys(app: Flask, person: Person) -> None:
    app.secret_key = b"another"
    assert person.get("/ui/").status_code == 401


def test_the_record_holds_no_secret_of_a_cookie(app: Flask, person: Person) -> None:
    with person.client.session_transaction() as session:
        secret = session["secret"].encode()
    assert person.get("/ui/").status_code == 200
    for path in Path(app.instance_path).glob("estivador.db*"):
        assert secret not in path.read_bytes()
    assert (Path(app.instance_path) / "cookie-key").stat().st_mode & 0o777 == 0o600


# --- headers ---


def test_every_page_says_what_a_browser_may_do_with_it(app: Flask, person: Person) -> None:
    submitted(app, 3)
    found, kinds = {}, set()
    for method, path in pages_of(app):
        if method in ("GET", "POST"):
            answer = person.request(method, path)
            kinds.add((answer.status_code, answer.mimetype))
            html = answer.mimetype == "text/html"
            wanted = POLICY_OF_DATA if not html else POLICY_OF_THE_API_PAGE if path == "/ui/api/" else POLICY
            said = (answer.headers.get("Content-Security-Policy"), answer.headers.get("X-Content-Type-Options"), answer.headers.get("Referrer-Policy"))
            found[method, path] = "good" if said == (wanted, "nosniff", "no-referrer") else said
    assert unlike(found, "good") == {}
    assert {(200, "text/html"), (200, "text/plain"), (200, "application/json"), (403, "text/html"), (404, "text/html"), (302, "text/html")} <= kinds


def test_what_is_no_page_says_so_too(stranger: Person) -> None:
    for path in ("/static/app.js", "/static/nothing", "/task/", "/health/", "/openapi.json", "/nowhere"):
        answer = stranger.get(path)
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == ("nosniff", "no-referrer"), path


def test_the_sign_in_page_and_its_refusals_have_the_policy(stranger: Person) -> None:
    for answer in (stranger.get("/ui/login/"), stranger.get("/ui/"), stranger.post("/ui/login/", token="x"), stranger.request("POST", "/ui/login/")):
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers.getlist("Content-Security-Policy") == [POLICY]


def test_no_page_is_kept_by_anybody_between(person: Person) -> None:
    assert person.get("/ui/task/").headers["Cache-Control"] == "private, no-cache"
    found = re.search(r'href="(/static/app\.css\?v=\w+)"', person.get("/ui/task/").text)
    assert found is not None
    assert "immutable" in person.get(found[1]).headers["Cache-Control"]
    assert "immutable" not in person.get("/static/app.css").headers["Cache-Control"]


def test_a_raw_log_is_a_file_and_never_a_page(app: Flask, person: Person) -> None:
    submitted(app, 1)
    answer = person.get("/ui/result/1/detail/1/log/")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="result-1-execution-0.log"'


# --- errors ---


def test_a_defect_shows_an_id_that_the_log_has_and_nothing_else(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    with patch.object(tasks, "listing", side_effect=RuntimeError("inner <secret>")):
        answer = person.get("/ui/task/")
    assert answer.status_code == 500
    found = re.search(r"Request id: <code>([0-9a-f]{16})</code>", answer.text)
    assert found is not None
    assert found[1] in caplog.text
    assert "inner <secret>" in caplog.text
    assert not re.search(r"inner|secret&|RuntimeError|Traceback|\.py", answer.text)


def test_what_is_not_there_is_a_page_that_says_what_to_do(person: Person) -> None:
    for path, says in (
        ("/ui/nowhere/", "no page at this address"),
        ("/ui/task/9/", "There is no task 9"),
        ("/ui/result/9/detail/1/", "9"),
        ("/ui/token/9/revoke/", "There is no token 9"),
        ("/ui/task/99999999999999999999/", "no page at this address"),
    ):
        answer = person.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
        assert says in answer.text
        assert 'href="/ui/"' in answer.text


def test_a_body_over_a_mebibyte_is_refused_in_words(person: Person) -> None:
    answer = person.post("/ui/task/new/", repository="a" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert "1 MiB" in answer.text


def test_a_database_that_somebody_else_writes_is_a_page_that_says_so(app: Flask, person: Person) -> None:
    with closing(sqlite3.connect(Path(app.instance_path) / "estivador.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = person.post("/ui/task/new/", repository="busybox")
        other.execute("ROLLBACK")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "The database is busy: nothing was changed." in answer.text
    assert answer.headers["Retry-After"].isdigit()
    assert person.post("/ui/task/new/", repository="busybox").status_code == 303


BENT = (
    "_scheme=javascript&_external=1", "endpoint=x", "_anchor=x", "_method=POST", "self=x", "result_id=x", "operation=KILL&operation=x", "from=x&to=1h&task_id=-1",
    "page=0&page=99999999999999999999", "page=-1&status=none", "text=%00%ff", "task_id=999999999999999&from=9999999999999", "from=0001-01-01&to=9999-12-31T23:59:59-23:59",
)  # fmt: skip


def test_no_query_bends_the_addresses_of_a_page(app: Flask, person: Person) -> None:
    submitted(app, 1)
    for query in BENT:
        for path in (
            "/ui/result/",
            "/ui/result/live",
            "/ui/result/stop/",
            "/ui/task/",
            "/ui/task/live",
            "/ui/task/new/",
            "/ui/task/1/",
            "/ui/result/1/",
            "/ui/",
        ):
            answer = person.get(f"{path}?{query}")
            # Nothing that lives fits the filter, or it is not understood: then there is nothing to ask about.
            assert answer.status_code in ((200, 409, 422) if path == "/ui/result/stop/" else (200,)), f"{path}?{query}"
            assert set(re.findall(r'(?:action|href|hx-get)="([^"/?#][^"]*)"', answer.text)) == set()
        assert person.post(f"/ui/result/stop/?text=none&{query}", operation="KILL", expect="0").status_code in (303, 422), query


def test_nothing_is_stopped_by_a_count_that_is_none(app: Flask, person: Person) -> None:
    submitted(app, 1)
    for expect in ("abc", "", "-1", "1.5", None, "99999999999999999999", "\u00b2", "9" * 5000):
        answer = person.post("/ui/result/stop/", operation="KILL", **({} if expect is None else {"expect": expect}))
        assert answer.status_code in (400, 409, 422), repr(expect)[:40]
    assert nothing_happened(person)
