"""What is secret is decrypted where it is needed, and the Engine's words are logged without a password, should it be in them."""

import base64
import threading

import pytest
from flask import Flask

from app.engine.images import Login
from app.jobs import context
from app.jobs.disclosed import environment, hidden
from app.services import keys, results
from tests.support.stepping import ready_task


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unauthorized: incorrect username or password", "unauthorized: incorrect username or password"),
        ("can't log in as me with s3cret!", "can't log in as me with ***"),
        ("GET https://me:s3cret!@registry/v2/: refused", "GET https://me:***@registry/v2/: refused"),
        ("GET https://me:s3cret%21@registry/v2/: refused", "GET https://me:***@registry/v2/: refused"),
        (f"Authorization: Basic {base64.b64encode(b'me:s3cret!').decode()}", "Authorization: Basic ***"),
    ],
)
def test_the_password_is_hidden_in_each_of_its_shapes(text: str, told: str) -> None:
    assert hidden(text, Login("me", "s3cret!")) == told
    assert hidden(text, None) == text


def test_a_password_that_is_a_word_by_chance_does_not_spoil_the_sentence() -> None:
    assert hidden("a registry said no", Login("me", "a")) == "a registry said no"


def test_a_login_does_not_print_its_password() -> None:
    assert "s3cret!" not in repr(Login("me", "s3cret!"))


def test_what_was_read_before_its_key_was_changed_is_read_again(app: Flask) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result = results.submit(task_id, parameters={"secret_env": {"A": "a"}})
        read_before = result.secret_env["A"]

        def rotate() -> None:
            with app.app_context():
                keys.rotate()

        other = threading.Thread(target=rotate)
        other.start()
        other.join()
        assert result.secret_env["A"] == read_before, "this read transaction sees the record as it was"
        assert not context.vault().opens(read_before)
        assert environment(result) == {"A": "a"}
