"""Fields of a run's parameters and of a task, as marshmallow reads them."""

import re
import shlex
from collections import Counter
from math import isfinite
from typing import Any

import marshmallow as ma

from app.config import MOST_MEMORY, NETWORK_NAME, NO_NETWORKS
from app.engine.references import BadReference, parse
from app.schemas import patterns
from app.services.parameters import MOST_BYTES, MOST_LABELS, bytes_of
from app.sizes import in_bytes, short
from app.states import Failure

LONGEST_TIMEOUT = 366 * 24 * 3600.0
LONGEST_LABEL_NAME, LONGEST_LABEL = 255, 1024
LONGEST_PATH = 4096
LEAST_SHM = 4096
"""Bytes: a page of memory."""
MOST_PIDS = 4_194_304
"""Processes that a Linux has at most."""


class Whole(ma.fields.Integer):
    """A whole number, 3.0 too; `true` and "3" are none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(whole(value), attr, data, **kwargs)


class Number(ma.fields.Float):
    """A number from `least` to `most`; `true`, "3", NaN and infinity are none. With `above`, `least` itself is too little."""

    def __init__(self, least: float, most: float, *, above: bool = False, unit: str = "", **kwargs: Any) -> None:
        kwargs["metadata"] = {"exclusiveMinimum" if above else "minimum": least, "maximum": most, **kwargs.get("metadata", {})}
        super().__init__(**kwargs)
        self.least, self.most, self.above, self.unit = least, most, above, unit

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        number = super()._deserialize(value, attr, data, **kwargs)
        if not self.least <= number <= self.most or (self.above and number == self.least):
            raise ma.ValidationError(f"Must be {'above' if self.above else 'at least'} {self.least:g} and at most {self.most:g}{self.unit}.")
        return number


class Seconds(Number):
    """A number of seconds above 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, LONGEST_TIMEOUT, above=True, unit=" seconds", **kwargs)


class Size(ma.fields.Field[str | int]):
    """A size of memory, "512m", "1g", "64MiB", or a whole number of bytes; kept as it is given."""

    def __init__(self, least: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.json_schema = patterns.size(least)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | int:
        value = whole(value)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ma.ValidationError('Must be a size such as "512m", "1g" or "64MiB", or a whole number of bytes.')
        try:
            size = in_bytes(value)
        except ValueError:
            raise ma.ValidationError('Must be a size such as "512m", "1g" or "64MiB", or a whole number of bytes.') from None
        if not self.least <= size <= MOST_MEMORY:
            raise ma.ValidationError(f"Must be from {short(self.least)} to {short(MOST_MEMORY)}.")
        return value


class Epoch(ma.fields.Float):
    """A time as epoch seconds UTC with milliseconds."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else round(value, 3)


class Command(ma.fields.Field[list[str]]):
    """A command: a list of words, or a string that is split as a shell would (no shell runs it)."""

    json_schema = patterns.COMMAND

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str]:
        words = _split(value) if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ma.ValidationError('Must be a string, or a list of strings such as ["sh", "-c", "echo hello"].')
        if not words or not words[0]:
            raise ma.ValidationError("Must name a program; leave it out to run the image's own.")
        _check_text(words)
        return words


class Named(ma.fields.Field[dict[str, Any]]):
    """The base of what is an object of names and values; each kind says what its names and its values may be."""

    such_as = '{"SEED": "7"}'

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ma.ValidationError(f"Must be an object of names and values, such as {self.such_as}.")
        return {self.name_of(name): self.value_of(name, content) for name, content in value.items()}

    def name_of(self, name: str) -> str:
        """Return the name, or refuse it."""
        raise NotImplementedError

    def value_of(self, name: str, content: Any) -> Any:
        """Return the value of this name as it is kept, or refuse it."""
        return text_of(name, content)


class Environment(Named):
    """Environment variables: an object of names and strings; numbers are taken as they are written."""

    json_schema = patterns.ENVIRONMENT

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        environment = super()._deserialize(value, attr, data, **kwargs)
        _check_text([*environment, *environment.values()])
        return environment

    def name_of(self, name: str) -> str:
        """No shell can read back a name with an equals sign; ours are ours."""
        return variable(name)


class Labels(Named):
    """Docker labels of the container: an object of names and strings."""

    such_as = '{"team": "numbers"}'
    json_schema = patterns.labels(MOST_LABELS, LONGEST_LABEL_NAME, LONGEST_LABEL)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        labels = super()._deserialize(value, attr, data, **kwargs)
        if len(labels) > MOST_LABELS:
            raise ma.ValidationError(f"Are {len(labels)} labels; at most {MOST_LABELS} are allowed.")
        _size([*labels, *labels.values()])
        return labels

    def name_of(self, name: str) -> str:
        """Names of ours would make somebody else's execution of it."""
        if not 0 < len(name) <= LONGEST_LABEL_NAME or "=" in name or " " in name or not name.isprintable():
            raise ma.ValidationError(f"{name[:50]!r} can't be the name of a label: it has 1 to {LONGEST_LABEL_NAME} printable characters, no space and no '='.")
        if name.lower().startswith("estivador."):
            raise ma.ValidationError(f"{name!r}: labels that begin with estivador. are set by Estivador.")
        return name

    def value_of(self, name: str, content: Any) -> str:
        """A label is read by people."""
        text = text_of(name, content)
        if len(text) > LONGEST_LABEL:
            raise ma.ValidationError(f"The value of {name!r} has {len(text)} characters; at most {LONGEST_LABEL} are allowed.")
        return text


class Matrix(Named):
    """Names of environment variables, each with the values that it takes: an object of names and lists."""

    such_as = '{"SEED": [1, 2, 3]}'
    json_schema = patterns.MATRIX

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if value == {}:
            raise ma.ValidationError(f"Must name a variable, such as {self.such_as}; leave it out to run without.")
        return super()._deserialize(value, attr, data, **kwargs)

    def name_of(self, name: str) -> str:
        """Its names are those of variables."""
        return variable(name)

    def value_of(self, name: str, content: Any) -> list[str]:
        """Each combination is to be there once."""
        if not isinstance(content, list) or not content:
            raise ma.ValidationError(f"{name!r} must have a list of at least one value, such as {self.such_as}.")
        values = [text_of(name, each) for each in content]
        _size([name, *values])
        value, count = Counter(values).most_common(1)[0]
        if count > 1:
            raise ma.ValidationError(f"{name!r} has the value {value[:50]!r} more than once: `times` says how often each is run.")
        return values


class RetryOn(ma.fields.Field[list[str | int]]):
    """What is tried again: exit codes, and the words for what else may happen."""

    json_schema = patterns.retry_on([*Failure])

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str | int]:
        value = [whole(each) for each in value] if isinstance(value, list) else None
        if not value or not all(_is_failure(each) for each in value):
            raise ma.ValidationError(f'Must be a list of exit codes from 1 to 255 and of the words {", ".join(Failure)}, such as [75, "oom"].')
        return list(dict.fromkeys(value))


def _is_failure(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return 1 <= value <= 255
    return isinstance(value, str) and value in [*Failure]


class Network(ma.fields.String):
    """The name of a network; whether it may be used is for the settings to say."""

    json_schema = {"pattern": patterns.NETWORK}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name.lower() in NO_NETWORKS or name.lower().startswith("container:"):
            raise ma.ValidationError(f"{name[:50]!r} is never allowed: an execution has a network of its own. bridge and none are there on any Engine.")
        if not re.fullmatch(NETWORK_NAME, name):
            raise ma.ValidationError("Must be the name of a network: bridge, none, or one that ESTIVADOR_NETWORKS lists.")
        return name


class User(ma.fields.String):
    """Whom the program runs as: a name or a uid, with a group or a gid after a colon if wished."""

    json_schema = {"pattern": patterns.USER}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        who = text.split(":")
        if len(who) > 2 or not all(re.fullmatch(r"[0-9]{1,10}|[A-Za-z_][A-Za-z0-9_.-]{0,31}", each) for each in who):
            raise ma.ValidationError('Must be a user of the image, such as "nobody", "1000" or "1000:1000".')
        if any(each.isdigit() and int(each) >= 2**31 for each in who):
            raise ma.ValidationError("A uid or gid is at most 2147483647.")
        return text


class AbsolutePath(ma.fields.String):
    """A folder in the container."""

    json_schema = {"pattern": patterns.ABSOLUTE, "maxLength": LONGEST_PATH}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        path = super()._deserialize(value, attr, data, **kwargs)
        if not path.startswith("/") or len(path) > LONGEST_PATH:
            raise ma.ValidationError(f"Must be an absolute path, such as /work, of at most {LONGEST_PATH} characters.")
        no_control_characters(path)
        return path


class Repository(ma.fields.String):
    """An image reference."""

    json_schema = {"pattern": patterns.REFERENCE}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parse(text)
        except BadReference as error:
            raise ma.ValidationError(str(error)) from None
        return text


def whole(value: Any) -> Any:
    """Return a number without a fraction as an int: JSON knows one kind of number. Anything else is left as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def variable(name: str) -> str:
    """Return the name of an environment variable; refuse what is none, and names that Estivador gives."""
    if not name or "=" in name:
        raise ma.ValidationError(f"{name!r} can't be the name of a variable: it must not be empty, and has no '='.")
    if name.startswith("ESTIVADOR_"):
        raise ma.ValidationError(f"{name!r}: names that begin with ESTIVADOR_ are set by Estivador.")
    return name


def text_of(name: str, content: Any) -> str:
    """Return a value as text, a number as it is written; refuse what is neither."""
    if isinstance(content, bool) or not isinstance(content, str | int | float) or (isinstance(content, float) and not isfinite(content)):
        raise ma.ValidationError(f"The value of {name!r} must be a string.")
    return str(content)


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
    if (size := _size(words)) > MOST_BYTES:
        raise ma.ValidationError(f"Takes {size} bytes; at most {MOST_BYTES} are allowed.")


def _size(words: list[str]) -> int:
    """Return the bytes that the words take; refuse what no container can be given."""
    if any("\0" in word for word in words):
        raise ma.ValidationError("Must not contain a NUL character.")
    try:
        return bytes_of(words)
    except UnicodeEncodeError:
        raise ma.ValidationError("Must be text that can be written as UTF-8.") from None


def doc(text: str, **more: Any) -> dict[str, Any]:
    """Return what the OpenAPI document says of a field: its description, and `more` of JSON Schema's words."""
    return {"description": text, **more}
