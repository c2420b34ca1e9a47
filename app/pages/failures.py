"""Errors as a person sees them: what happened, what to do, and under which id the log has the rest."""

import logging
import secrets
from typing import Any

from flask import Blueprint, current_app, make_response, render_template, request
from werkzeug.exceptions import HTTPException, NotFound

from app.actions import Action
from app.door import PAGES, does, is_signed_in, may, needs, role_of
from app.engine.references import BadReference
from app.errors import EstivadorError, NotAuthenticated
from app.faults import verdict
from app.roles import Role

log = logging.getLogger(__name__)

TITLES = {
    400: "This request can't be read", 401: "Sign in", 403: "Refused", 404: "Not there", 405: "Not possible here", 409: "That does not fit",
    410: "Not there any more", 413: "Too large", 422: "That does not fit", 429: "Too many attempts", 500: "Something went wrong",
    503: "Not now", 507: "The disk is full",
}  # fmt: skip
MESSAGES = {
    404: "There is no page at this address. It may have been deleted; the lists above have what there is.",
    405: "This address is not meant for that. Go back, and use the page's own buttons.",
    413: "What was sent is larger than 1 MiB. Go back, and shorten it.",
}


def register(blueprint: Blueprint) -> None:
    """Answer errors of the pages, and addresses below theirs that nobody serves, as pages."""
    blueprint.register_error_handler(NotAuthenticated, _sign_in)
    blueprint.register_error_handler(EstivadorError, lambda error: answer(error.http_status, error.message, wait=error.wait))
    blueprint.register_error_handler(BadReference, lambda error: answer(422, str(error)))
    blueprint.register_error_handler(OverflowError, lambda _: answer(404, MESSAGES[404]))
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(Exception, _unexpected)
    blueprint.add_url_rule("/ui/<path:rest>", "nowhere", _nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


def answer(code: int, message: str, request_id: str | None = None, wait: int | None = None) -> Any:
    """Render the page of an error, which may be gone after `wait` seconds."""
    wait = 5 if code == 503 else wait
    headers = {} if wait is None else {"Retry-After": str(wait)}
    words = {"title": TITLES.get(code, "That did not work"), "message": message, "request_id": request_id}
    text = render_template("errors/page.html", code=code, back=_back() if code == 403 and is_signed_in() else None, **words)
    return make_response(text, code, headers)


def _back() -> str | None:
    """Return the nearest page above the address that was asked for, or that page itself, that whoever asks may see."""
    steps = request.path.strip("/").split("/")
    for length in range(len(steps), 1, -1):
        path = f"/{'/'.join(steps[:length])}/"
        try:
            endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
        except HTTPException:
            continue
        role = role_of(current_app, endpoint, "GET")
        if endpoint != f"{PAGES}.nowhere" and role is not None and may(role):
            return path
    return None


@needs(Role.VIEWER)
@does(Action.UNKNOWN)
def _nowhere(rest: str) -> Any:
    raise NotFound


def _sign_in(error: NotAuthenticated) -> Any:
    """The sign-in form stands at the address that was asked for, and leads back to it."""
    headers = {"WWW-Authenticate": "Bearer"}
    if "HX-Request" in request.headers:
        # A part of a page has no room for a form: let the whole page be asked for again.
        return "", 401, {**headers, "HX-Refresh": "true"}
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return render_template("login/page.html", wanted=wanted, error=None), 401, headers


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    return answer(error.code, MESSAGES.get(error.code, error.description or "Go back, and try again."))


def _unexpected(error: Exception) -> Any:
    """Leave what the database and the disk say to the handler of all; tell nothing of the rest but an id."""
    known = verdict(error)
    if known is not None:
        return answer(*known)
    request_id = secrets.token_hex(8)
    log.error("request %s failed", request_id, exc_info=error)
    return answer(500, "Something went wrong inside Estivador. Nothing you did; its log has the cause under the id below.", request_id)
