"""Forms: what was typed becomes what the API's schemas read, and their messages go back to the fields."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import request

from app.errors import WrongState
from app.pages.kinds import kind_of


class Form:
    """What a form holds: `values` as typed, by field, and `errors`, a sentence or more by field."""

    def __init__(self, values: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None) -> None:
        self.values = dict(values or {})
        self.errors = {name: _sentences(found) for name, found in (errors or {}).items()}

    def __bool__(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.errors

    def has_any(self, *names: str) -> bool:
        """Whether one of these fields holds something, or has something wrong."""
        return any(self.values.get(name) or name in self.errors for name in names)


def typed() -> dict[str, str]:
    """Return what the request's form holds, but for its CSRF token; line ends as a container expects them, several of one name with commas between."""
    return {name: _together(values).replace("\r\n", "\n") for name, values in request.form.lists() if name != "csrf_token"}


def _together(values: list[str]) -> str:
    return values[0] if len(values) == 1 else ", ".join(value for value in values if value.strip())


def expected() -> int:
    """Return the number that a confirm page showed; raise WrongState where the form does not say it."""
    text = request.form.get("expect", "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise WrongState("It is not said how many you were shown, so nothing was done. Go back, and ask again.")
    return int(text)


def load(schema: ma.Schema, values: Mapping[str, str], **fixed: Any) -> tuple[dict[str, Any], Form]:
    """Read a form by a schema of the API; return what it asks for, and the form with its errors. An empty field asks for nothing."""
    form = Form(values)
    body: dict[str, Any] = dict(fixed)
    for name, text in values.items():
        if name in schema.fields and text.strip():
            try:
                body[name] = kind_of(schema.fields[name]).read(text)
            except ValueError as error:
                form.errors[name] = [str(error)]
    try:
        asked: dict[str, Any] = schema.load(body)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"_form": error.messages}
        for name, found in messages.items():
            form.errors.setdefault(name, _sentences(found))
        return {}, form
    return asked, form


def _sentences(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [sentence for each in found.values() for sentence in _sentences(each)]
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]
