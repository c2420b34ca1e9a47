r"""Parameters that are lines in a form: NAME=VALUE, and NAME = value1, value2. What is written here is read back exactly.

Most is written as it is. A name or value that a line can't hold as it is stands in the quotes of bash, $'first\nsecond'; a value of a
list that has a comma in it, or spaces around it, stands in double quotes, as in CSV.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_ANSI = re.compile(r"\$'((?:[^\\']|\\.)*)'")
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\", "\\'": "'"}
_ITEM = re.compile(r"""\s*(?:"((?:[^"]|"")*)"\s*|(\$'(?:[^\\']|\\.)*')\s*|([^,"\s][^,]*))(?:,|$)""")


def variables(text: str) -> dict[str, str]:
    """Read NAME=VALUE lines; raise ValueError with the first line that is none."""
    return dict(_pairs(text, "must be NAME=VALUE", _unquoted))


def variables_text(found: Mapping[str, str]) -> str:
    """Write variables as NAME=VALUE lines."""
    return "\n".join(f"{_name(name)}={_value(value)}" for name, value in found.items())


def secrets(text: str) -> dict[str, str | None]:
    """Read NAME=VALUE and NAME lines, the latter as None; raise ValueError with the first line whose value is missing."""
    found: dict[str, str | None] = {}
    for position, line in _lines(text):
        name, equals, value = line.partition("=")
        if equals and not value:
            raise ValueError(f"Line {position} has no value: write one after the =, or the name alone to keep the one that is there.")
        found[_unquoted(name.strip())] = _unquoted(value) if equals else None
    return found


def secrets_text(found: Mapping[str, str | None]) -> str:
    """Write secret variables as lines of their names: a value is never written."""
    return "\n".join(_name(name) for name in found)


def without_values(text: str, stored: Mapping[str, Any]) -> str:
    """Return the lines of secrets() without what may be secret in them: of a line with a value its name and the =, of others those that are stored."""
    kept = []
    for _, line in _lines(text):
        name, equals, _ = line.partition("=")
        if equals or _unquoted(name.strip()) in stored:
            kept.append(f"{name}{equals}")
    return "\n".join(kept)


def matrix(text: str) -> dict[str, list[str]]:
    """Read NAME = value1, value2 lines; raise ValueError with the first line that is none, or whose name was there before."""
    found: dict[str, list[str]] = {}
    for name, values in _pairs(text, "must be NAME = value1, value2", _items):
        if name in found:
            raise ValueError(f"{name[:50]!r} is there twice: write all of its values in one line.")
        found[name] = values
    return found


def matrix_text(found: Mapping[str, list[str]]) -> str:
    """Write a matrix as NAME = value1, value2 lines."""
    return "\n".join(f"{_name(name)} = {', '.join(map(_item, values))}" for name, values in found.items())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, each with its number."""
    return ((position, line) for position, line in enumerate(text.split("\n"), start=1) if line.strip())


def _pairs(text: str, must: str, read: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    for position, line in _lines(text):
        name, equals, rest = line.partition("=")
        if not equals:
            raise ValueError(f"Line {position} {must}.")
        try:
            yield _unquoted(name.strip()), read(rest)
        except ValueError as error:
            raise ValueError(f"Line {position} {error}") from None


def _items(text: str) -> list[str]:
    """Split what stands after the = of a line of a matrix."""
    found: list[str] = []
    place = 0
    while not found or place < len(text) or text[:place].endswith(","):
        item = _ITEM.match(text, place)
        if item is None:
            raise ValueError('has no value in one place, or a quote that does not end: write "" for an empty value, and "a, b" for one with a comma.')
        csv, ansi, plain = item.groups()
        found.append(csv.replace('""', '"') if csv is not None else _unquoted(ansi or plain.rstrip()))
        place = item.end()
    return found


def _item(value: str) -> str:
    if "\n" in value or "\r" in value:
        return _quoted(value)
    is_plain = value != "" and value == value.strip() and "," not in value and not value.startswith(('"', "$'"))
    return value if is_plain else '"' + value.replace('"', '""') + '"'


def _name(name: str) -> str:
    return _quoted(name) if name != name.strip() else _value(name)


def _value(value: str) -> str:
    return _quoted(value) if "\n" in value or "\r" in value or _ANSI.fullmatch(value) else value


def _quoted(text: str) -> str:
    """Write a text as bash would, on one line."""
    escapes = {character: escape for escape, character in _ESCAPES.items() if character != "\t"}
    return "$'" + "".join(escapes.get(character, character) for character in text) + "'"


def _unquoted(text: str) -> str:
    """Read a text that stands in bash's quotes; any other is what it is."""
    match = _ANSI.fullmatch(text)
    return text if match is None else re.sub(r"\\.", lambda found: _ESCAPES.get(found[0], found[0]), match[1])
