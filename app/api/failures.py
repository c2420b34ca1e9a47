"""Errors as the API answers them: `{"code", "status", "message", "errors"}`, with a message that says what to do."""

import logging
import secrets
from typing import Any

from flask import Flask, jsonify
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app.engine.references import BadReference
from app.errors import EstivadorError
from app.extensions import api
from app.faults import verdict

log = logging.getLogger(__name__)

MESSAGES = {
    400: "The body is not valid JSON.",
    404: "There is nothing at this path: GET /openapi.json lists what there is.",
    405: "This path does not take that method: GET /openapi.json lists those it takes.",
    413: "The body is larger than 1 MiB.",
    422: "The request does not fit: see errors.",
}


def register(app: Flask) -> None:
    """Answer each kind of error in its own way."""
    app.register_error_handler(EstivadorError, _refuse)
    app.register_error_handler(BadReference, lambda error: _answer(422, str(error)))
    # An id with more digits than a database's integer has is nobody's id.
    app.register_error_handler(OverflowError, lambda _: _answer(404, MESSAGES[404]))
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refuse(error: EstivadorError) -> Any:
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(error.http_status, {})
    return _answer(error.http_status, error.message, headers if error.wait is None else {"Retry-After": str(error.wait)})


def _http(error: HTTPException) -> Any:
    """Add a message where flask-smorest's answer has none. Redirects are left alone."""
    if error.code is None or error.code < 400:
        return error
    payload, code, headers = api.handle_http_exception(error)
    payload.setdefault("message", MESSAGES.get(error.code, error.description))
    # What the error itself says, such as Allow beside 405 and Content-Range beside 416.
    own = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return jsonify(payload), code, own | dict(headers or {})


def _database(error: OperationalError) -> Any:
    known = verdict(error)
    if known is None:
        return _unexpected(error)
    return _answer(*known, {"Retry-After": "2"} if known[0] == 503 else None)


def _unexpected(error: Exception) -> Any:
    """Tell nothing but an id, under which the log has the rest."""
    request_id = secrets.token_hex(8)
    log.error("request %s failed", request_id, exc_info=error)
    return _answer(500, f"Something went wrong inside Estivador. Its log has the cause under {request_id}.")


def _answer(code: int, message: str, headers: dict[str, str] | None = None) -> Any:
    return jsonify({"code": code, "status": HTTP_STATUS_CODES[code], "message": message}), code, headers or {}
