"""Idempotency-Key on POST: the answer is kept in the same transaction as what it tells of."""

import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, request
from webargs.flaskparser import abort

from app.api.blueprint import Blueprint
from app.door import bearer
from app.services import idempotency
from app.services.idempotency import Answer

HEADER = "Idempotency-Key"
LONGEST = 255
PARAMETER = {
    "in": "header", "name": HEADER, "required": False, "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "Sent again with the same request within a day, the first answer is given again and nothing is done twice.",
}  # fmt: skip


def idempotent(blueprint: Blueprint, secret: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a view answer a repeated Idempotency-Key with the first answer; outermost, so that it sees the finished response.

    `secret` names a field of the answer that is not kept: it is null in the repeated one.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            key = request.headers.get(HEADER)
            return view(*args, **kwargs) if key is None else _once(key, lambda: make_response(view(*args, **kwargs)), secret)

        documented: Callable[..., Any] = blueprint.doc(parameters=[PARAMETER])(once)
        return documented

    return decorate


def _once(key: str, view: Callable[[], Response], secret: str | None) -> Response:
    if not 0 < len(key) <= LONGEST:
        abort(422, message=f"An {HEADER} has 1 to {LONGEST} characters.")
    made: list[Response] = []

    def answer() -> Answer:
        made.append(view())
        return Answer(made[0].status_code, made[0].headers.get("Location"), _kept(made[0], secret))

    given, replayed = idempotency.once(g.actor.token_id, key, _digest(), answer)
    if not replayed:
        return made[0]
    response = Response(given.body, given.status_code, mimetype="application/json")
    if given.location:
        response.location = given.location
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _digest() -> str:
    """Return what this request is known by. A body may hold a short secret, so nobody can try words on it who has the record alone.

    The token's own text, which the record does not have, is the key.
    """
    asked = b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data(cache=True)))
    return hmac.new((bearer() or "").encode(), asked, hashlib.sha256).hexdigest()


def _kept(response: Response, secret: str | None) -> str:
    """Return what is kept of an answer's body."""
    return response.get_data(as_text=True) if secret is None else json.dumps({**response.get_json(), secret: None})
