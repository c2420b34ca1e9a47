"""Idempotency-Key on POST: the answer is kept in the same transaction as what it tells of."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, request
from webargs.flaskparser import abort

from app.api.blueprint import Blueprint
from app.services import idempotency
from app.services.idempotency import Answer

HEADER = "Idempotency-Key"
LONGEST = 255
PARAMETER = {
    "in": "header", "name": HEADER, "required": False, "schema": {"type": "string", "maxLength": LONGEST},
    "description": "Sent again with the same request within a day, the first answer is given again and nothing is done twice.",
}  # fmt: skip


def idempotent(blueprint: Blueprint) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a view answer a repeated Idempotency-Key with the first answer; outermost, so that it sees the finished response."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            key = request.headers.get(HEADER)
            return view(*args, **kwargs) if key is None else _once(key, lambda: make_response(view(*args, **kwargs)))

        documented: Callable[..., Any] = blueprint.doc(parameters=[PARAMETER])(once)
        return documented

    return decorate


def _once(key: str, view: Callable[[], Response]) -> Response:
    if not 0 < len(key) <= LONGEST:
        abort(422, message=f"An {HEADER} has 1 to {LONGEST} characters.")
    digest = hashlib.sha256(b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data(cache=True)))).hexdigest()

    def answer() -> Answer:
        response = view()
        return Answer(response.status_code, response.headers.get("Location"), response.get_data(as_text=True))

    given, replayed = idempotency.once(g.token.id, key, digest, answer)
    response = Response(given.body, given.status_code, mimetype="application/json")
    if given.location:
        response.location = given.location
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
