"""/ui/audit/: who it is for, what it shows and where that leads; and what signing in leaves in the audit."""

import json
import re

from flask import Flask

from app.actions import Action, Kind
from app.extensions import db
from app.models import note, write
from app.roles import Role
from app.services import sessions, stopping, tasks, tokens
from app.states import Wish
from tests.pages.person import Person
from tests.support.audited import last_id, rows_of
from tests.support.stepping import details_of, submitted

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


def row_of(text: str, row_id: int) -> str:
    """The row of the table, its spaces as one."""
    found = re.search(rf'<tr id="audit-{row_id}">(.*?)</tr>', text, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", found[1])


def test_it_is_for_admins_alone_and_offered_to_them_alone(app: Flask) -> None:
    with app.app_context():
        texts = {role: tokens.create(role, role)[1] for role in Role}
    for role, text in texts.items():
        person = Person(app, text)
        person.sign_in()
        is_admin = role == Role.ADMIN
        for path in ("/ui/audit/", "/ui/audit.ndjson"):
            assert person.get(path).status_code == (200 if is_admin else 403), role
        assert ('href="/ui/audit/"' in person.get("/ui/").text) == is_admin


def test_a_row_leads_to_what_it_is_about_while_that_is_there(app: Flask, person: Person) -> None:
    submitted(app, 1)
    with app.app_context():
        detail_id = details_of(1)[0].id
        stopping.stop(1, Wish.CANCEL, detail_id)
        tasks.register("gone")
        with write() as session:
            session.execute(db.text("DELETE FROM task WHERE name = 'gone'"))
            note(Action.TOKEN_REVOKE, Kind.TOKEN, "9" * 30)
            note(Action.TASK_DELETE, Kind.TASK, "9" * 30)
    text = person.get("/ui/audit/").text
    assert 'href="/ui/task/1/"' in text
    assert 'href="/ui/result/1/"' in text
    assert f'href="/ui/result/1/detail/{detail_id}/"' in text
    assert 'href="/ui/task/2/"' not in text
    assert "task 2" in text


def test_what_a_stranger_wrote_stands_there_as_text(app: Flask, person: Person) -> None:
    with app.app_context():
        tasks.register("tool", HOSTILE)
        _, secret = tokens.create(HOSTILE, Role.ADMIN)
    other = Person(app, secret)
    other.sign_in()
    other.client.delete("/")  # nobody's: the API takes no session
    client = app.test_client()
    with app.app_context():
        client.delete(f"/token/{HOSTILE.encode().hex()}%3Cb%3E/", headers={"Authorization": f"Bearer {secret}"})
        client.delete("/token/%3Cb%3E%E2%80%AE/", headers={"Authorization": f"Bearer {secret}"})
    text = person.get("/ui/audit/").text
    assert not re.search("<img|<b>|\u202e", text)
    assert text.count("&lt;img src=x onerror=&#34;alert(1)&#34;&gt;\ufffd") >= 3


def test_filters_are_in_the_address_and_kept_by_what_leads_on(app: Flask, person: Person) -> None:
    with app.app_context(), write():
        for _ in range(25):
            note(Action.TASK_DELETE, Kind.TASK, 7, "tool")
    query = "action=task.delete&action=result.run&kind=task&object_id=7&name=estivador&outcome=done&via=consumer&from=24h"
    answer = person.get(f"/ui/audit/?{query}")
    assert answer.text.count('<tr id="audit-') == 20
    assert "Page 1 of 2, 25 changes" in answer.text
    assert re.findall(r'<option value="([^"]+)" selected>', answer.text) == ["task.delete", "result.run", "task"]
    assert set(re.findall(r'value="(\w+)"\s+checked', answer.text)) == {"done", "consumer"}
    file = re.search(r'href="(/ui/audit\.ndjson\?[^"]*)"', answer.text)
    assert file is not None
    lines = person.get(file[1].replace("&amp;", "&")).text.splitlines()
    assert {json.loads(line)["action"] for line in lines} == {"task.delete"}
    assert len(lines) == 25
    second = re.search(r'rel="next"\s+href="([^"]+)"', answer.text)
    assert second is not None
    assert person.get("/ui/audit/" + second[1].replace("&amp;", "&")).text.count('<tr id="audit-') == 5


def test_nonsense_in_the_address_is_no_error(person: Person) -> None:
    for query in ("action=burn&kind=ship&via=air&outcome=x&from=never&page=-1", "page=99999999999999999999", "object_id=%00&name=%E2%80%AE", "token_id='"):
        assert person.get(f"/ui/audit/?{query}").status_code == 200, query
    assert "Nothing fits the filter" in person.get("/ui/audit/?name=nobody").text


def test_signing_in_and_out_are_rows_of_who_did_it(app: Flask) -> None:
    with app.app_context():
        token, text = tokens.create("anna", Role.VIEWER)
    before = last_id(app)
    person = Person(app, text)
    person.sign_in()
    person.post("/ui/logout/")
    opened, closed = rows_of(app, before)
    for row, action in ((opened, "session.open"), (closed, "session.close")):
        assert (row.action, row.kind, row.object_id, row.token_id, row.name, row.role, row.via) == (
            action, "session", None, token.id, "anna", "viewer", "page",
        )  # fmt: skip
        assert (row.address, row.outcome) == ("127.0.0.1", "done")


def test_a_sign_in_with_a_wrong_token_is_a_row_of_nobody(app: Flask, stranger: Person, person: Person) -> None:
    before = last_id(app)
    stranger.get("/ui/login/")
    assert stranger.post("/ui/login/", token="est_00000000_" + "secret" * 7 + "x").status_code == 401
    [row] = rows_of(app, before)
    assert (row.action, row.outcome, row.status, row.name, row.token_id, row.address) == ("session.open", "refused", 401, "", None, "127.0.0.1")
    assert "secret" not in repr(row)
    assert "nobody known" in row_of(person.get("/ui/audit/").text, row.id)


def test_who_guesses_tokens_fills_no_audit(app: Flask, stranger: Person) -> None:
    before = last_id(app)
    stranger.get("/ui/login/")
    codes = [stranger.post("/ui/login/", token=f"guess {number}").status_code for number in range(15)]
    assert codes == [401] * 10 + [429] * 5
    assert [row.status for row in rows_of(app, before)] == [401] * 10


def test_what_comes_without_its_csrf_token_is_a_row_of_whose_session_it_has_and_without_a_session_none(app: Flask, stranger: Person, person: Person) -> None:
    before = last_id(app)
    assert stranger.request("POST", "/ui/login/", data={"token": "x"}).status_code == 403
    stranger.get("/ui/login/")
    assert stranger.post("/ui/task/new/", repository="busybox").status_code == 401
    assert rows_of(app, before) == []
    assert person.request("POST", "/ui/task/new/", data={"repository": "busybox"}).status_code == 403
    assert [(row.action, row.status, row.name) for row in rows_of(app, before)] == [("task.register", 403, "admin-token")]


def test_what_only_looks_leaves_none(app: Flask, person: Person) -> None:
    submitted(app, 1)
    before = last_id(app)
    assert person.post("/ui/task/1/forecast", times="3").status_code == 200
    assert person.post("/ui/task/1/forecast", matrix="x" * (1024 * 1024)).status_code == 413
    assert person.get("/ui/task/99/").status_code == 404
    assert rows_of(app, before) == []


def test_a_form_that_comes_back_is_a_row(app: Flask, person: Person) -> None:
    submitted(app, 1)
    before = last_id(app)
    assert person.post("/ui/task/new/", repository="UPPER CASE").status_code == 422
    assert person.post("/ui/task/1/", times="none").status_code == 422
    assert person.post("/ui/result/1/", operation="KILL").status_code == 303
    assert person.post("/ui/result/1/", operation="KILL").status_code == 409
    assert person.post("/ui/nowhere/").status_code == 404
    assert [(row.action, row.object_id, row.status) for row in rows_of(app, before)] == [
        ("task.register", None, 422), ("result.run", "1", 422), ("result.kill", "1", None), ("result.kill", "1", 409), ("unknown", None, 404),
    ]  # fmt: skip


def test_a_session_that_was_opened_past_the_pages_is_estivadors_own(app: Flask) -> None:
    with app.app_context():
        sessions.open_with(tokens.create("ci")[1])
    assert (rows_of(app)[-1].name, rows_of(app)[-1].via) == ("ci", "consumer")
