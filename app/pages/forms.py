"""Forms: what was typed becomes what the API's schemas read, and their messages go back to the fields."""

import re
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import request

from app.errors import WrongState

WHOLE = ("times",)
FLOATS = ("timeout",)
PAIRS = ("env", "labels")
"""Fields of NAME=VALUE lines."""


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
    """Return what the request's form holds, but for its CSRF token; line ends as a container expects them."""
    return {name: value.replace("\r\n", "\n") for name, value in request.form.items() if name != "csrf_token"}


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
                body[name] = _convert(name, text)
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


def _convert(name: str, text: str) -> Any:
    text = text.strip() if name not in PAIRS else text
    if name in WHOLE and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    if name in FLOATS:
        return _number(text)
    return environment(text) if name in PAIRS else text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("Must be a number, such as 90 or 1.5.") from None


def environment(text: str) -> dict[str, str]:
    """Read NAME=VALUE lines; raise ValueError with the first line that is none."""
    found = {}
    for position, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"Line {position} must be NAME=VALUE.")
        found[name.strip()] = value
    return found


def environment_text(variables: Mapping[str, str]) -> str:
    """Write variables as NAME=VALUE lines."""
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def _sentences(found: Any) -> list[str]:
    if isinstance(found, Mapping):
        return [sentence for each in found.values() for sentence in _sentences(each)]
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]
