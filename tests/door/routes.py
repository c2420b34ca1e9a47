"""Every method of every address, out of the application's own map, with numbers or words in their gaps."""

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.exceptions import HTTPException

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def path_of(rule: str) -> str:
    """An address that a rule takes."""
    path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule)
    return re.sub(r"<(?:path:)?\w+>", "word", re.sub(r"<int:\w+>", "1", path))


def paths_of(app: Flask) -> list[str]:
    """An address for each rule."""
    return sorted({path_of(rule.rule) for rule in app.url_map.iter_rules()})


def asked(app: Flask) -> Iterator[tuple[str, str]]:
    """Every method of every rule's address, whether the rule takes it or not; what only reads comes first."""
    for method in METHODS:
        yield from ((method, path) for path in paths_of(app))


def endpoint_of(app: Flask, method: str, path: str) -> str | None:
    """The endpoint that takes this, if there is one."""
    try:
        return str(app.url_map.bind("localhost").match(path, method=method)[0])
    except HTTPException:
        return None
