"""The kinds of fields that forms have: how what is typed into one is read, how its value is typed, and how it is said. One table by the schemas' types."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from app.pages import lines
from app.pages.words import duration
from app.schemas.fields import Command, Environment, Labels, Matrix, Number, RetryOn, Seconds, Size, Whole
from app.schemas.secrets import SecretEnvironment

MOST_VALUES = 12
"""Values of a line of a matrix that are said; of more it is told how many."""


@dataclass(frozen=True)
class Kind:
    """`read` turns what is typed into what the schema takes, or raises ValueError with a sentence; `write` is its inverse.

    `say` returns the lines that tell a person of a value.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    say: Callable[[Any], list[str]]


def kind_of(field: Any) -> Kind:
    """Return the kind of a schema's field."""
    return next(KINDS[each] for each in type(field).__mro__ if each in KINDS)


def _command_text(value: Any) -> str:
    return value if isinstance(value, str) else shlex.join(value)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
        raise ValueError("Must be a whole number, such as 3.")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("Must be a number, such as 90 or 1.5.") from None


def _number_text(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _size(text: str) -> int | str:
    """Bytes are a number, as in the API."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text.strip()) else text.strip()


def _words(text: str) -> list[int | str]:
    """Read words and numbers with commas or spaces between them."""
    return [int(word) if re.fullmatch(r"[0-9]{1,9}", word) else word for word in re.split(r"[,\s]+", text) if word]


def _words_text(value: list[int | str]) -> str:
    return ", ".join(map(str, value))


def _say_words(value: list[int | str]) -> list[str]:
    return [", ".join(f"exit code {each}" if isinstance(each, int) else each for each in value)]


def _say_variables(value: Mapping[str, str]) -> list[str]:
    return [f"{name}={text}" for name, text in value.items()]


def _say_matrix(value: Mapping[str, list[str]]) -> list[str]:
    return [f"{name}: {', '.join(values[:MOST_VALUES])}{_more(len(values) - MOST_VALUES)}" for name, values in value.items()]


def _more(number: int) -> str:
    return f" and {number:,} more" if number > 0 else ""


_VARIABLES = Kind(lines.variables, lines.variables_text, _say_variables)

KINDS: dict[type[fields.Field[Any]], Kind] = {
    Command: Kind(str, _command_text, lambda value: [_command_text(value)]),
    Environment: _VARIABLES,
    SecretEnvironment: Kind(lines.secrets, lines.secrets_text, list),
    Labels: _VARIABLES,
    Matrix: Kind(lines.matrix, lines.matrix_text, _say_matrix),
    Whole: Kind(_whole, str, lambda value: [f"{value:,}"]),
    Number: Kind(_number, _number_text, lambda value: [_number_text(value)]),
    Seconds: Kind(_number, _number_text, lambda value: [duration(value)]),
    Size: Kind(_size, str, lambda value: [f"{value} bytes" if isinstance(value, int) else value]),
    RetryOn: Kind(_words, _words_text, _say_words),
    fields.Field: Kind(str.strip, str, lambda value: [str(value)]),
}
