r"""What JSON Schema can say of the fields in fields.py, for the OpenAPI document. The fields decide; these say the same, so that a client knows before.

The patterns are ECMAScript's. That a text is printable stands there as `\p{C}` and `\p{Z}`: no character of these but the space.
"""

from typing import Any

from app.config import MOST_MEMORY, NETWORK_NAME
from app.engine.references import COMPONENT, DOMAIN

Schema = dict[str, Any]

NO_NUL = r"^[^\u0000]*$"
PRINTABLE = r"^(?:[^\p{C}\p{Z}]| )*$"
USERNAME = r"^(?:[^\p{C}\p{Z}:]| )*$"
TEXT: Schema = {"type": "string", "pattern": NO_NUL}
VALUE: Schema = {"type": ["string", "number"], "pattern": NO_NUL}
VARIABLE: Schema = {"pattern": r"^(?!ESTIVADOR_)[^=\u0000]+$"}

_QUOTED = r"""'[^'\u0000]*'|"(?:[^"\\\u0000]|\\[^\u0000])*"|\\[^\u0000]"""
_NOT_EMPTY = r"""'[^'\u0000]+'|"(?:[^"\\\u0000]|\\[^\u0000])+"|\\[^\u0000]"""
SHELL = rf"""^[ \t\r\n]*(?:''|"")*(?:[^ \t\r\n'"\\\u0000]|{_NOT_EMPTY})(?:[^'"\\\u0000]|{_QUOTED})*$"""
"""What a shell can split, and whose first word is not empty."""
COMMAND: Schema = {
    "anyOf": [
        {"type": "string", "pattern": SHELL},
        {"type": "array", "items": TEXT, "prefixItems": [{**TEXT, "minLength": 1}], "minItems": 1},
    ]
}
ENVIRONMENT: Schema = {"type": "object", "propertyNames": VARIABLE, "additionalProperties": VALUE}
SECRETS: Schema = {**ENVIRONMENT, "additionalProperties": {**VALUE, "type": [*VALUE["type"], "null"]}}
MATRIX: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": VARIABLE,
    "additionalProperties": {"type": "array", "items": VALUE, "minItems": 1, "uniqueItems": True},
}
NETWORK = rf"^(?!(?:[hH][oO][sS][tT]|[dD][eE][fF][aA][uU][lL][tT])$){NETWORK_NAME}$"
USER = r"^(?:[0-9]{1,10}|[A-Za-z_][A-Za-z0-9_.-]{0,31})(?::(?:[0-9]{1,10}|[A-Za-z_][A-Za-z0-9_.-]{0,31}))?$"
ABSOLUTE = r"^/(?:[^\p{C}\p{Z}]| )*$"
REFERENCE = (
    rf"^(?!(?:sha256:)?[a-f0-9]{{64}}$)(?:{DOMAIN}/)?{COMPONENT}(?:/{COMPONENT})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$"
)


def labels(most: int, longest_name: int, longest: int) -> Schema:
    """Return the schema of labels, of so many, with names and values of so many characters."""
    name = {"pattern": r"^(?![eE][sS][tT][iI][vV][aA][dD][oO][rR]\.)[^\p{C}\p{Z}=]+$", "maxLength": longest_name}
    return {"type": "object", "maxProperties": most, "propertyNames": name, "additionalProperties": {**VALUE, "maxLength": longest}}


def size(least: int) -> Schema:
    """Return the schema of a size of memory; of one that is text, the least and the most stand in the field's description."""
    text = r"^ *[0-9]{1,18}(?:\.[0-9]{1,18})? *(?:[kKmMgGtT](?:[iI]?[bB])?|[bB])? *$"
    return {"anyOf": [{"type": "string", "pattern": text}, {"type": "integer", "minimum": least, "maximum": MOST_MEMORY}]}


def retry_on(words: list[str]) -> Schema:
    """Return the schema of what is tried again."""
    return {"type": "array", "minItems": 1, "items": {"anyOf": [{"enum": words}, {"type": "integer", "minimum": 1, "maximum": 255}]}}
