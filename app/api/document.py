"""The OpenAPI document, as far as it doesn't follow from a view's own decorators: what any request may be refused with, and what our fields are."""

from typing import Any

from apispec import BasePlugin
from flask_smorest import Api
from marshmallow.fields import Field

from app.schemas.secrets import LOGIN, LoginSchema

Doc = dict[str, Any]

TAKEN = ("app.schemas.requests",)
"""Where the schemas of what is taken are; anything else is answered."""

TEXT = {"type": "string"}
SECONDS = {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds after which to try again."}
HEADERS: dict[str, Doc] = {
    "ETag": {"schema": TEXT, "description": "For If-None-Match: 304 where nothing has changed. Not of what is streamed, or changes all the time."},
    "Location": {"schema": {**TEXT, "format": "uri-reference"}, "description": "Where what was made is."},
    "Idempotent-Replayed": {"schema": {**TEXT, "const": "true"}, "description": "This is the first answer to this Idempotency-Key again."},
    "Link": {"schema": TEXT, "description": "first, prev, next and last page, as far as they are (RFC 8288).", "required": True},
    "X-Pagination": {
        "schema": {**TEXT, "contentMediaType": "application/json"},
        "description": "JSON: total, total_pages, first_page, last_page, page, previous_page, next_page, as far as they are.",
        "required": True,
    },
}
REFUSALS: dict[int, tuple[str, Doc]] = {
    400: ("The body is no JSON, or the Host header has a name that Estivador does not answer to.", {}),
    401: ("There is no valid token.", {"WWW-Authenticate": {"schema": TEXT, "required": True}}),
    403: ("The token's role does not include this.", {}),
    404: ("There is nothing of this id.", {}),
    409: ("It does not fit the state that things are in; `message` says what to do.", {}),
    410: ("The log was there, and retention has removed it.", {}),
    413: ("The body is larger than 1 MiB.", {}),
    415: ("The body is not said to be JSON.", {}),
    416: ("The range is none of this log.", {}),
    422: ("The request does not fit; `errors` says where, by name.", {}),
    429: ("Too many came from there with tokens that are none.", {"Retry-After": SECONDS}),
    503: ("The database is busy, or something else that this needs is out.", {"Retry-After": SECONDS}),
    507: ("The disk that holds the record is full.", {}),
}
ALWAYS = (400, 503, 507)
BEHIND_THE_DOOR = (401, 403, 429)
OF_A_BODY = (413, 415, 422)


def prepare(api: Api) -> None:
    """Make known what the views' documents refer to; before any of them is registered."""
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # each refusal is named
    api.ma_plugin.converter.add_attribute_function(field_schema)
    api.spec.plugins.append(Answers())
    for code, (description, headers) in REFUSALS.items():
        content = {"application/json": {"schema": api.ERROR_SCHEMA}}
        api.spec.components.response(name_of(code), {"description": description, "headers": headers, "content": content}, lazy=True)


def name_of(code: int) -> str:
    """Return the name under which the document has a refusal."""
    return f"Refused{code}"


def field_schema(converter: Any, field: Field[Any], ret: Doc, **kwargs: Any) -> Doc:
    """Return what a field of ours says of itself, `json_schema`, which a validator of marshmallow could not."""
    schema: Doc = getattr(field, "json_schema", None) or {}
    if "anyOf" in schema and field.allow_none:
        ret.pop("type", None)
        return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if isinstance(schema.get("type"), str) and field.allow_none:
        return {**schema, "type": [schema["type"], "null"]}
    return schema


class Answers(BasePlugin):
    """Adds to each operation what it may be refused with beyond what its view says, and the headers of its answers."""

    def schema_helper(self, name: str, definition: Doc, schema: Any = None, **kwargs: Any) -> Doc:
        """Close the bodies that are taken to what they name, and tell one whose `operation` says what goes with it as one form for each."""
        known = schema if isinstance(schema, type) else type(schema)
        if known.__module__ not in TAKEN:
            return {}
        definition["additionalProperties"] = False
        if issubclass(known, LoginSchema):
            definition["dependentRequired"] = dict(zip(LOGIN, ([other] for other in reversed(LOGIN)), strict=True))
        forms = getattr(known, "forms", None)
        if forms:
            whole = dict(definition)
            definition.clear()
            return {"anyOf": [_form(whole, operations, names) for operations, names in forms]}
        return {}

    def operation_helper(self, path: str | None = None, operations: Doc | None = None, **kwargs: Any) -> None:
        """Look at each operation of a path."""
        for method, operation in (operations or {}).items():
            responses = operation.setdefault("responses", {})
            for code in sorted(_refusals(path or "", operation)):
                responses.setdefault(code, name_of(code))
            for code, response in responses.items():
                if isinstance(response, dict) and (headers := _headers(method, int(code))):
                    response["headers"] = {**response.get("headers", {}), **headers}
            if method == "get" and not is_public(operation):
                responses[304] = {"description": "It is as If-None-Match has it.", "headers": {"ETag": HEADERS["ETag"]}}


def _form(whole: Doc, operations: tuple[str, ...], names: frozenset[str]) -> Doc:
    """Return the part of a body's schema that goes with these operations: they themselves, and the fields of these names."""
    properties = {name: what for name, what in whole["properties"].items() if name in names}
    properties["operation"] = {**whole["properties"]["operation"], "enum": list(operations)}
    if "default" not in properties["operation"] or properties["operation"]["default"] in operations:
        required = whole.get("required", [])
    else:
        properties["operation"].pop("default")
        required = [*whole.get("required", []), "operation"]
    return {**whole, "properties": properties, "required": required}


def is_public(operation: Doc) -> bool:
    """Whether an operation says that it needs no token."""
    return operation.get("security") == []


def _refusals(path: str, operation: Doc) -> set[int]:
    """Return what follows from how an operation is asked for: by whom, by which path, with which query and body."""
    codes = set(ALWAYS)
    codes |= set() if is_public(operation) else {*BEHIND_THE_DOOR}
    codes |= {404} if "{" in path else set()
    codes |= {422} if operation.get("parameters") else set()
    return codes | ({*OF_A_BODY} if "requestBody" in operation else set())


def _headers(method: str, code: int) -> Doc:
    names = [*(["ETag"] if (method, code) == ("get", 200) else []), *(["Idempotent-Replayed"] if method == "post" and code < 300 else [])]
    return {name: HEADERS[name] for name in names} | ({"Location": {**HEADERS["Location"], "required": True}} if code == 201 else {})
