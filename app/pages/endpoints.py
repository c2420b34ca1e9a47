"""The endpoints of the REST API as a plain list, read out of its OpenAPI document."""

from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, what it does in a sentence, and the role that it needs; "" where it needs no token."""

    method: str
    path: str
    summary: str
    role: str


def endpoints_of(document: dict[str, Any]) -> list[Endpoint]:
    """List them in the document's order of paths, reading before writing before deleting."""
    return [
        Endpoint(method.upper(), path, str(operations[method].get("summary", "")), str(operations[method].get("x-role", "")))
        for path, operations in document.get("paths", {}).items()
        for method in METHODS
        if method in operations
    ]
