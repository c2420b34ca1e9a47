"""Fields of a run's parameters and of a task, as marshmallow reads them."""

import shlex
from typing import Any

import marshmallow as ma

from app.engine.references import BadReference, parse

MOST_TIMES = 100_000
MOST_BYTES = 64 * 1024
"""Bytes that command and environment of a run may take together, each."""
LONGEST_TIMEOUT = 366 * 24 * 3600.0


class Whole(ma.fields.Integer):
    """A whole number; `true` and "3" are none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Seconds(ma.fields.Float):
    """A number of seconds above 0."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        seconds = super()._deserialize(value, attr, data, **kwargs)
        if not 0 < seconds <= LONGEST_TIMEOUT:
            raise ma.ValidationError(f"Must be above 0 and at most {LONGEST_TIMEOUT:g} seconds.")
        return seconds


class Epoch(ma.fields.Float):
    """A time as epoch seconds UTC with milliseconds."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else round(value, 3)


class Command(ma.fields.Field[list[str]]):
    """A command: a list of words, or a string that is split as a shell would (no shell runs it)."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        words = _split(value) if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ma.ValidationError('Must be a string, or a list of strings such as ["sh", "-c", "echo hello"].')
        if not words or not words[0]:
            raise ma.ValidationError("Must name a program; leave it out to run the image's own.")
        _check_text(words)
        return words


class Environment(ma.fields.Field[dict[str, str]]):
    """Environment variables: an object of names and strings; numbers are taken as they are written."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ma.ValidationError('Must be an object of names and values, such as {"SEED": "7"}.')
        for name, content in value.items():
            if not name or "=" in name:
                raise ma.ValidationError(f"{name!r} can't be the name of a variable: it must not be empty, and has no '='.")
            if name.startswith("ESTIVADOR_"):
                raise ma.ValidationError(f"{name!r}: names that begin with ESTIVADOR_ are set by Estivador.")
            if isinstance(content, bool) or not isinstance(content, str | int | float):
                raise ma.ValidationError(f"The value of {name!r} must be a string.")
        environment = {name: str(content) for name, content in value.items()}
        _check_text([*environment, *environment.values()])
        return environment


class Repository(ma.fields.String):
    """An image reference."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parse(text)
        except BadReference as error:
            raise ma.ValidationError(str(error)) from None
        return text


def no_control_characters(text: str) -> None:
    """Refuse what no name can be shown with."""
    if any(not character.isprintable() for character in text):
        raise ma.ValidationError("Must be one line of printable characters.")


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ma.ValidationError(f"Can't be split into words: {error}.") from None


def _check_text(words: list[str]) -> None:
    if any("\0" in word for word in words):
        raise ma.ValidationError("Must not contain a NUL character.")
    try:
        size = sum(len(word.encode()) + 1 for word in words)
    except UnicodeEncodeError:
        raise ma.ValidationError("Must be text that can be written as UTF-8.") from None
    if size > MOST_BYTES:
        raise ma.ValidationError(f"Takes {size} bytes; at most {MOST_BYTES} are allowed.")


def doc(text: str) -> dict[str, str]:
    """Return a field's description for the OpenAPI document."""
    return {"description": text}
