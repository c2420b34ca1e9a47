"""The audit over the API: a row for each change that is asked for, done or refused. The routes are those of the map."""

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.actions import Action
from app.door import SAFE
from app.roles import Role
from app.services import removal, results, stopping, tokens
from app.states import Wish
from tests.door.conftest import Program
from tests.pages.person import Person
from tests.support.audited import last_id, rows_of
from tests.support.kept import ended
from tests.support.stepping import details_of, ready_task

NUMBERS = itertools.count()


@pytest.fixture
def admin(app: Flask) -> Program:
    """The API with the token of the file."""
    return Program(app, (Path(app.instance_path) / "admin-token").read_text().strip())


# --- what there is to ask for ---


def a_task(app: Flask) -> int:
    return ready_task(app, f"tool-{next(NUMBERS)}")


def a_result(app: Flask) -> int:
    task_id = a_task(app)
    with app.app_context():
        return results.submit(task_id, 2).id


def a_detail(app: Flask) -> str:
    result_id = a_result(app)
    with app.app_context():
        return f"{result_id}/detail/{details_of(result_id)[0].id}"


def an_ended(app: Flask) -> int:
    task_id = a_task(app)
    with app.app_context():
        return ended(task_id, 1)


def a_token(app: Flask) -> str:
    with app.app_context():
        return tokens.create("spare", Role.VIEWER)[0].id


def nothing(app: Flask) -> str:
    with app.app_context():
        stopping.stop_selected(Wish.KILL)
    return ""


def one_live(app: Flask) -> str:
    """The only result that is live."""
    nothing(app)
    a_result(app)
    return ""


def one_ended(app: Flask) -> str:
    """The only result that has ended."""
    nothing(app)
    with app.app_context():
        removal.delete_selected(expect=removal.count_selected()[0])
    an_ended(app)
    return ""


API: dict[tuple[str, str, Action], tuple[Callable[[Flask], object], str, dict[str, Any]]] = {
    ("task.Tasks", "POST", Action.TASK_REGISTER): (nothing, "/task/{}", {"repository": "busybox"}),
    ("task.Task", "POST", Action.RESULT_RUN): (a_task, "/task/{}/", {"times": 3}),
    ("task.Task", "POST", Action.TASK_IMPORT): (a_task, "/task/{}/", {"operation": "IMPORT"}),
    ("task.Task", "PATCH", Action.TASK_UPDATE): (a_task, "/task/{}/", {"description": "x"}),
    ("task.Task", "DELETE", Action.TASK_DELETE): (a_task, "/task/{}/", {}),
    ("result.Results", "POST", Action.RESULT_CANCEL): (one_live, "/result/{}", {"operation": "CANCEL", "expect": 1}),
    ("result.Results", "POST", Action.RESULT_KILL): (one_live, "/result/{}", {"operation": "KILL", "expect": 1}),
    ("result.Results", "POST", Action.RESULT_DELETE): (one_ended, "/result/{}", {"operation": "DELETE", "expect": 1}),
    ("result.Result", "POST", Action.RESULT_CANCEL): (a_result, "/result/{}/", {"operation": "CANCEL"}),
    ("result.Result", "POST", Action.RESULT_KILL): (a_result, "/result/{}/", {"operation": "KILL"}),
    ("result.Result", "POST", Action.RESULT_RERUN): (a_result, "/result/{}/", {"operation": "RERUN"}),
    ("result.Result", "DELETE", Action.RESULT_DELETE): (an_ended, "/result/{}/", {}),
    ("detail.Detail", "POST", Action.EXECUTION_CANCEL): (a_detail, "/result/{}/", {"operation": "CANCEL"}),
    ("detail.Detail", "POST", Action.EXECUTION_KILL): (a_detail, "/result/{}/", {"operation": "KILL"}),
    ("detail.Detail", "POST", Action.EXECUTION_RERUN): (a_detail, "/result/{}/", {"operation": "RERUN"}),
    ("retention.Retention", "POST", Action.RETENTION_TIDY): (nothing, "/retention/{}", {"operation": "TIDY", "expect": 0}),
    ("token.Tokens", "POST", Action.TOKEN_CREATE): (nothing, "/token/{}", {"name": "ci"}),
    ("token.Token", "DELETE", Action.TOKEN_REVOKE): (a_token, "/token/{}/", {}),
}
PAGE: dict[tuple[str, str, Action], tuple[Callable[[Flask], object], str, dict[str, Any]]] = {
    ("ui.tasks.register", "POST", Action.TASK_REGISTER): (nothing, "/ui/task/new/{}", {"repository": "busybox:1"}),
    ("ui.tasks.update", "POST", Action.TASK_UPDATE): (a_task, "/ui/task/{}/edit/", {"name": "renamed"}),
    ("ui.tasks.import_again", "POST", Action.TASK_IMPORT): (a_task, "/ui/task/{}/import/", {"pull": "always"}),
    ("ui.tasks.delete", "POST", Action.TASK_DELETE): (a_task, "/ui/task/{}/delete/", {}),
    ("ui.runs.run", "POST", Action.RESULT_RUN): (a_task, "/ui/task/{}/", {"times": "3"}),
    ("ui.runs.rerun", "POST", Action.RESULT_RERUN): (a_result, "/ui/result/{}/rerun/", {}),
    ("ui.runs.rerun_one", "POST", Action.EXECUTION_RERUN): (a_detail, "/ui/result/{}/rerun/", {}),
    ("ui.results.stop_selected", "POST", Action.RESULT_CANCEL): (one_live, "/ui/result/stop/{}", {"operation": "CANCEL", "expect": "1"}),
    ("ui.results.stop_selected", "POST", Action.RESULT_KILL): (one_live, "/ui/result/stop/{}", {"operation": "KILL", "expect": "1"}),
    ("ui.results.delete_selected", "POST", Action.RESULT_DELETE): (one_ended, "/ui/result/delete/{}", {"expect": "1"}),
    ("ui.results.stop", "POST", Action.RESULT_CANCEL): (a_result, "/ui/result/{}/", {"operation": "CANCEL"}),
    ("ui.results.stop", "POST", Action.RESULT_KILL): (a_result, "/ui/result/{}/", {"operation": "KILL"}),
    ("ui.results.delete", "POST", Action.RESULT_DELETE): (an_ended, "/ui/result/{}/delete/", {}),
    ("ui.executions.stop", "POST", Action.EXECUTION_CANCEL): (a_detail, "/ui/result/{}/", {"operation": "CANCEL"}),
    ("ui.executions.stop", "POST", Action.EXECUTION_KILL): (a_detail, "/ui/result/{}/", {"operation": "KILL"}),
    ("ui.retention.tidy", "POST", Action.RETENTION_TIDY): (nothing, "/ui/retention/tidy/{}", {"expect": "0"}),
    ("ui.tokens.create", "POST", Action.TOKEN_CREATE): (nothing, "/ui/token/{}", {"name": "ci", "role": "viewer"}),
    ("ui.tokens.revoke", "POST", Action.TOKEN_REVOKE): (a_token, "/ui/token/{}/revoke/", {}),
    ("ui.login.sign_out", "POST", Action.SESSION_CLOSE): (nothing, "/ui/logout/{}", {}),
}
SIGN_IN = ("ui.login.sign_in", "POST", Action.SESSION_OPEN)


def declared(app: Flask) -> set[tuple[str, str, Action]]:
    """Everything that the routes say they change."""
    found = set()
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - SAFE:
            view = app.view_functions[rule.endpoint]
            says = getattr(getattr(view, "view_class", None), method.lower(), view).does
            found |= {(rule.endpoint, method, action) for action in (says.action, *says.by_operation.values()) if action not in (None, Action.UNKNOWN)}
    return found


def test_each_change_that_a_route_declares_is_tried_here(app: Flask) -> None:
    assert declared(app) == {*API, *PAGE, SIGN_IN}


def test_whatever_is_done_over_the_api_leaves_one_row(app: Flask, admin: Program) -> None:
    for (_, method, action), (make, path, body) in API.items():
        where = path.format(make(app))
        before = last_id(app)
        answer = admin.request(method, where, json=body or None)
        assert answer.status_code < 300, (where, answer.text)
        [row] = rows_of(app, before)
        assert (row.action, row.outcome, row.status, row.name, row.role, row.via, row.address) == (
            action, "done", None, "admin-token", "admin", "api", "127.0.0.1",
        )  # fmt: skip
        assert row.kind is not None


def test_whatever_is_done_on_the_pages_leaves_one_row(app: Flask) -> None:
    person = Person(app)
    person.sign_in()
    for (_, _, action), (make, path, form) in PAGE.items():
        where = path.format(make(app))
        before = last_id(app)
        answer = person.post(where, **form)
        assert answer.status_code in (201, 303), (where, answer.text)
        [row] = rows_of(app, before)
        assert (row.action, row.outcome, row.name, row.role, row.via, row.address) == (action, "done", "admin-token", "admin", "page", "127.0.0.1")


def of(path: str) -> tuple[str | None, str | None]:
    """What an address names, as its row says it."""
    words = path.removeprefix("/ui").strip("/").split("/")
    if len(words) > 3 and words[2] == "detail":
        return "execution", words[3]
    return (words[0], words[1]) if len(words) > 1 and (words[1].isdigit() or len(words[1]) == 8) else (None, None)


def refusals(app: Flask, ask: Callable[..., TestResponse], what: dict[Any, Any], code: int, json_body: bool) -> None:
    """Ask for everything, be refused with `code`, and find a row of each."""
    for (_, method, action), (make, path, body) in what.items():
        where = path.format(make(app))
        before = last_id(app)
        answer = ask(method, where, body)
        assert answer.status_code == code, (where, answer.status_code)
        [row] = rows_of(app, before)
        assert (row.action, row.outcome, row.status, row.via) == (action, "refused" if code < 500 else "failed", code, "api" if json_body else "page")
        assert (row.kind, row.object_id) == of(where.split("?")[0])
        assert row.token_id is not None


def test_whatever_a_role_does_not_include_leaves_a_row_of_who_wanted_it(app: Flask) -> None:
    with app.app_context():
        text = tokens.create("guest", Role.VIEWER)[1]
    program, person = Program(app, text), Person(app, text)
    person.sign_in()
    refusals(app, lambda method, path, body: program.request(method, path, json=body or None), API, 403, True)
    pages = {asked: case for asked, case in PAGE.items() if asked[0] != "ui.login.sign_out"}
    refusals(app, lambda method, path, form: person.post(path, **form), pages, 403, False)
    assert {row.name for row in rows_of(app) if row.outcome == "refused"} == {"guest"}


def test_whatever_fails_by_a_defect_leaves_a_row(app: Flask, admin: Program) -> None:
    person = Person(app)
    person.sign_in()
    # All that is done is written down first, so that none of it is done.
    modules = ("tasks", "results", "stopping", "removal", "retention", "tokens", "sessions")
    patches = [patch(f"app.services.{module}.note", side_effect=RuntimeError) for module in modules]
    patches += [patch(f"app.services.{module}.note_each", side_effect=RuntimeError) for module in ("removal", "stopping")]

    def broken(ask: Callable[[], TestResponse]) -> TestResponse:
        for each in patches:
            each.start()
        try:
            return ask()
        finally:
            patch.stopall()

    refusals(app, lambda method, path, body: broken(lambda: admin.request(method, path, json=body or None)), API, 500, True)
    refusals(app, lambda method, path, form: broken(lambda: person.post(path, **form)), PAGE, 500, False)


REFUSED: list[tuple[str, str, dict[str, Any], int | None, str, tuple[str | None, str | None]]] = [
    ("POST", "/task/", {"json": {"repository": "UPPER CASE"}}, 422, "task.register", (None, None)),
    ("POST", "/task/9/", {}, 404, "result.run", ("task", "9")),
    ("POST", "/task/9/", {"json": {"operation": "IMPORT"}}, 404, "task.import", ("task", "9")),
    ("POST", "/task/9/", {"json": {"operation": "BURN"}}, 422, "result.run", ("task", "9")),
    ("POST", "/task/9/", {"data": b"{", "content_type": "application/json"}, 400, "result.run", ("task", "9")),
    ("POST", "/task/9/", {"data": b"[" * 100_000, "content_type": "application/json"}, None, "result.run", ("task", "9")),
    ("POST", "/task/9/", {"data": b"x", "content_type": "text/plain"}, 415, "result.run", ("task", "9")),
    ("POST", "/task/9/", {"data": b" " * (1024 * 1024 + 1), "content_type": "application/json"}, 413, "result.run", ("task", "9")),
    ("PATCH", f"/task/{'9' * 40}/", {"json": {"name": "x"}}, 404, "task.update", ("task", "9" * 32)),
    ("POST", "/result/9/", {"json": {"operation": "KILL"}}, 404, "result.kill", ("result", "9")),
    ("POST", "/result/9/", {"json": {}}, 422, "unknown", ("result", "9")),
    ("POST", "/result/9/", {"json": ["KILL"]}, 422, "unknown", ("result", "9")),
    ("POST", "/result/9/", {"json": {"operation": {"KILL": 1}}}, 422, "unknown", ("result", "9")),
    ("POST", "/result/9/detail/8/", {"json": {"operation": "CANCEL"}}, 404, "execution.cancel", ("execution", "8")),
    ("POST", "/result/", {"json": {"operation": "DELETE", "expect": 5}}, 409, "result.delete", (None, None)),
    ("POST", "/retention/", {"json": {"operation": "TIDY", "expect": 5}}, 409, "retention.tidy", (None, None)),
    ("DELETE", "/token/%3Cb%3E%E2%80%AE/", {}, 404, "token.revoke", ("token", None)),
    ("DELETE", f"/token/est_0123abcd_{'s' * 43}/", {}, 404, "token.revoke", ("token", None)),
    ("DELETE", f"/token/{'s' * 43}/", {}, 404, "token.revoke", ("token", None)),
    ("DELETE", "/token/0123abcd/", {}, 404, "token.revoke", ("token", "0123abcd")),
    ("DELETE", "/task/", {}, 405, "unknown", (None, None)),
    ("POST", "/nowhere/", {}, 404, "unknown", (None, None)),
]  # fmt: skip


def test_what_is_refused_says_what_it_was(app: Flask, admin: Program) -> None:
    for method, path, more, code, action, about in REFUSED:
        before = last_id(app)
        answer = admin.request(method, path, **more)
        [row] = rows_of(app, before)
        assert code in (None, answer.status_code), (method, path)
        assert (row.action, (row.kind, row.object_id), row.status, row.about) == (action, about, answer.status_code, "")


def test_who_reads_leaves_none(app: Flask, admin: Program) -> None:
    before = last_id(app)
    for path in ("/task/", "/task/9/", "/audit/", "/audit/?nonsense=1", "/nowhere"):
        for method in ("GET", "HEAD", "OPTIONS"):
            admin.request(method, path)
    assert rows_of(app, before) == []


def test_an_unknown_token_leaves_none(app: Flask) -> None:
    before = last_id(app)
    for program in (Program(app), Program(app, "est_00000000_" + "a" * 43)):
        assert program.request("POST", "/task/", json={"repository": "a"}).status_code == 401
        assert program.request("DELETE", "/task/").status_code == 401
    assert rows_of(app, before) == []


def test_what_an_idempotency_key_answers_again_leaves_none(app: Flask, admin: Program) -> None:
    before = last_id(app)
    path, headers = f"/task/{a_task(app)}/", {"Idempotency-Key": "once"}
    before = last_id(app)
    for times in (2, 2, 3):
        admin.request("POST", path, json={"times": times}, headers=headers)
    assert [(row.outcome, row.status, row.action) for row in rows_of(app, before)] == [("done", None, "result.run"), ("refused", 422, "result.run")]


def test_many_at_once_are_a_row_each_with_an_idempotency_key_too(app: Flask, admin: Program) -> None:
    nothing(app)
    ids = [str(a_result(app)) for _ in range(3)]
    before = last_id(app)
    for operation, key in (("KILL", "kill"), ("DELETE", "delete")):
        body = {"operation": operation, "expect": 3}
        for failure in (patch("app.services.idempotency.Answer._asdict", side_effect=RuntimeError), nullcontext(), nullcontext()):
            with failure:
                admin.request("POST", "/result/", json=body, headers={"Idempotency-Key": key})
    found = [(row.action, row.object_id, row.outcome) for row in rows_of(app, before)]
    killed, deleted = ([(action, each, "done") for each in ids] for action in ("result.kill", "result.delete"))
    assert found == [("result.kill", None, "failed"), *killed, ("result.delete", None, "failed"), *deleted]


def test_what_is_done_though_its_answer_failed_has_the_row_of_what_was_done(app: Flask, admin: Program) -> None:
    path = f"/task/{a_task(app)}/"
    before = last_id(app)
    with patch("app.api.tasks.url_for", side_effect=RuntimeError):
        assert admin.request("POST", path).status_code == 500
        assert admin.request("POST", path, headers={"Idempotency-Key": "k"}).status_code == 500
    # With a key the answer is kept in the transaction of the change, so there nothing was done.
    assert [(row.outcome, row.status) for row in rows_of(app, before)] == [("done", None), ("failed", 500)]


def test_a_route_that_does_not_say_what_it_changes_is_in_the_audit_all_the_same(app: Flask, admin: Program) -> None:
    app.add_url_rule("/later/", "later", lambda: "", methods=["POST"])
    assert admin.request("POST", "/later/").status_code == 403
    assert (rows_of(app)[-1].action, rows_of(app)[-1].status) == ("unknown", 403)
