"""The page of tokens: role and expiry, and the form that makes one."""

import re
import time

import pytest
from flask import Flask

from app.extensions import db
from app.models import Token
from app.services import tokens
from tests.pages.person import Person


def row_of(page: str, name: str) -> str:
    """The cells of a token's row, as text."""
    [row] = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f">{name}</td>" in row]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_the_form_offers_each_role_in_words_and_chooses_the_operator(person: Person) -> None:
    page = person.get("/ui/token/").text
    assert re.findall(r'<option value="(\w+)" *(selected)?>\1: ', page) == [("viewer", ""), ("operator", "selected"), ("admin", "")]


def test_the_list_says_who_has_which_role_and_when_it_ends(person: Person) -> None:
    made = person.post("/ui/token/", name="guest", role="viewer", days="3")
    assert made.status_code == 201
    page = person.get("/ui/token/").text
    assert re.fullmatch(r"guest viewer \w{8} .* UTC \S 20\d\d-\d\d-\d\d .* UTC Revoke", row_of(page, "guest"))
    assert row_of(page, "admin-token").endswith("never Revoke")
    assert "ended" not in row_of(page, "guest")


def test_one_whose_time_is_over_is_listed_as_ended(app: Flask, person: Person) -> None:
    with app.app_context():
        token, _ = tokens.create("guest", days=1)
        db.session.execute(db.update(Token).where(Token.id == token.id).values(expires_at=time.time() - 60))
        db.session.commit()
    assert re.search(r"ended 20\d\d-", row_of(person.get("/ui/token/").text, "guest"))


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"name": "", "role": "viewer"}, 422, "name"),
        ({"name": "a", "role": "king"}, 422, "role"),
        ({"name": "a", "days": "soon"}, 422, "days"),
        ({"name": "a", "days": "0"}, 422, "days"),
        ({"name": "admin-token", "role": "viewer", "days": "7"}, 409, "name"),
    ],
)
def test_what_does_not_fit_stands_beside_its_field_and_what_was_typed_stays(person: Person, typed: dict[str, str], code: int, field: str) -> None:
    answer = person.post("/ui/token/", **typed)
    assert answer.status_code == code
    assert f'id="{field}-error"' in answer.text
    for name in typed.keys() - {"role"}:
        assert f'id="{name}"' in answer.text and f'value="{typed[name]}"' in answer.text
    if typed.get("role") == "viewer":
        assert re.search(r'value="viewer" *selected', answer.text)
    assert person.get("/ui/token/").text.count("Revoke</a>") == 1
