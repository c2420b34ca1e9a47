"""The door: every request needs a token, but for the endpoints that say they are public."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, make_response, render_template, request

from app.errors import NotAuthenticated
from app.services import tokens

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view as one that needs no token."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def guard(app: Flask) -> None:
    """Ask for a token before anything else is done for a request."""
    app.before_request(_ask)


def _ask() -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "is_public", False):
        return None
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        g.token = tokens.authenticate(text.strip() if scheme.lower() == "bearer" else None)
    except NotAuthenticated:
        if request.path == "/":
            return make_response(render_template("front/page.html", needs_token=True), 401, {"WWW-Authenticate": "Bearer"})
        raise
    return None
