"""The audit over the API: the list, its filters, the file."""

import json
from pathlib import Path

import pytest
from flask import Flask

from app.api.schemas import AuditSchema
from app.roles import Role
from app.services import tokens
from tests.door.conftest import Program
from tests.support.audited import last_id, rows_of


@pytest.fixture
def admin(app: Flask) -> Program:
    """The API with the token of the file."""
    return Program(app, (Path(app.instance_path) / "admin-token").read_text().strip())


@pytest.fixture
def many(app: Flask) -> list[int]:
    """Rows of two tokens, of which one is refused some things; the ids, oldest first."""
    before = last_id(app)
    with app.app_context():
        texts = [tokens.create(name, Role.OPERATOR)[1] for name in ("anna", "bert")]
    for number, text in enumerate(texts):
        program = Program(app, text)
        program.request("POST", "/task/", json={"repository": "busybox", "name": f"task {number}"})
        program.request("DELETE", "/task/99/")
        program.request("POST", "/token/", json={"name": "x"})
    return [row.id for row in rows_of(app, before)]


def test_the_list_has_the_newest_first_and_pages(app: Flask, admin: Program, many: list[int]) -> None:
    answer = admin.request("GET", "/audit/?page_size=3&page=2")
    assert [row["id"] for row in answer.get_json()] == many[::-1][3:6]
    assert json.loads(answer.headers["X-Pagination"])["total"] == len(many) + 1
    assert 'rel="next"' in answer.headers["Link"]
    row = admin.request("GET", "/audit/").get_json()[0]
    line = admin.request("GET", "/audit.ndjson").text.splitlines()[-1]
    assert (list(row), json.loads(line)) == (list(AuditSchema().fields), row)
    assert list(json.loads(line)) == list(row)
    assert (row["name"], row["role"], row["via"], row["action"], row["outcome"], row["status"]) == ("bert", "operator", "api", "token.create", "refused", 403)


FILTERS = [
    ("name=anna", 3), ("name=nobody", 0), ("action=token.create", 5), ("action=token.create&action=task.delete", 7), ("kind=task&object_id=99", 2),
    ("kind=task", 4), ("object_id=99", 2), ("outcome=refused", 4), ("outcome=refused&outcome=done", 9), ("outcome=failed", 0), ("via=api", 6),
    ("via=cli&via=page", 0), ("from=0", 9), ("to=0", 0), ("name=bert&outcome=done&via=api", 1),
]  # fmt: skip


def test_it_is_filtered_and_so_is_the_file(admin: Program, many: list[int]) -> None:
    for query, number in FILTERS:
        listed = admin.request("GET", f"/audit/?{query}&page_size=100").get_json()
        assert len(listed) == number, query
        file = admin.request("GET", f"/audit.ndjson?{query}")
        assert [json.loads(line) for line in file.text.splitlines()] == listed[::-1]


def test_a_time_that_is_shown_finds_its_row(admin: Program, many: list[int]) -> None:
    row = admin.request("GET", "/audit/").get_json()[0]
    assert row["id"] in [found["id"] for found in admin.request("GET", f"/audit/?from={row['at']}&to={row['at']}").get_json()]
    token = admin.request("GET", f"/audit/?token_id={row['token_id']}").get_json()
    assert {found["name"] for found in token} == {"bert"}
    assert len(token) == 3


def test_a_filter_that_does_not_fit_is_refused(admin: Program) -> None:
    for query in ("nonsense=1", "action=task.burn", "outcome=perhaps", "via=air", "kind=ship", "from=yesterday"):
        for path in ("/audit/", "/audit.ndjson"):
            assert admin.request("GET", f"{path}?{query}").status_code == 422, query
    assert admin.request("GET", "/audit/?page_size=101").status_code == 422


def test_it_is_for_admins_alone(app: Flask) -> None:
    with app.app_context():
        programs = [Program(app, tokens.create(role, role)[1]) for role in Role]
    for path in ("/audit/", "/audit.ndjson"):
        assert [program.request("GET", path).status_code for program in programs] == [403, 403, 200]


def test_the_file_is_one_to_be_saved(admin: Program) -> None:
    answer = admin.request("GET", "/audit.ndjson")
    assert (answer.mimetype, answer.headers["Content-Disposition"]) == ("application/x-ndjson", 'attachment; filename="audit.ndjson"')
    assert answer.is_streamed or answer.text.endswith("\n")


def test_it_is_in_the_document(admin: Program) -> None:
    document = admin.request("GET", "/openapi.json").get_json()
    assert document["paths"].keys() >= {"/audit/", "/audit.ndjson"}
    names = {parameter["name"] for parameter in document["paths"]["/audit/"]["get"]["parameters"]}
    assert names >= {"name", "token_id", "action", "kind", "object_id", "outcome", "via", "from", "to", "page", "page_size"}
    assert document["components"]["schemas"]["Audit"]["properties"].keys() == AuditSchema().fields.keys()
