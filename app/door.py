"""The door: every request needs somebody who may enter and has the role that its route declares, but for the endpoints that say they are public.

The API takes a bearer token and ignores cookies; the pages take a session and no token. Which of the two an endpoint is,
its blueprint says, never the path. With a route that declares nothing the application does not start.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.routing import RequestRedirect

from app.errors import CrossSite, Forbidden, NotAuthenticated
from app.roles import Role
from app.services import sessions, tokens

PAGES = "ui"
"""The blueprint that all pages are below."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()


def public(view: View) -> View:
    """Mark a view as one that needs nobody signed in and no token."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def needs(role: Role) -> Callable[[View], View]:
    """Declare the role that a view, or a method of one, asks for."""

    def mark(view: View) -> View:
        view.needs = role  # type: ignore[attr-defined]
        return view

    return mark


def role_of(app: Flask, endpoint: str, method: str) -> Role | None:
    """Return the role that a method of an endpoint asks for; None where nothing is declared. OPTIONS tells only which methods there are."""
    view = app.view_functions[endpoint]
    views = getattr(view, "view_class", None)
    handler = view if views is None else getattr(views, "get" if method == "HEAD" else method.lower(), None)
    declared = getattr(handler, "needs", None)
    return Role.VIEWER if declared is None and method == "OPTIONS" else declared


def is_public(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint needs nobody signed in and no token."""
    return getattr(app.view_functions[endpoint], "is_public", False)


def refuse_undeclared(app: Flask) -> None:
    """Raise UndeclaredRole where a route says neither which role it needs nor that it is public."""
    asked = {(rule.endpoint, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    missing = sorted(f"{method} {endpoint}" for endpoint, method in asked if not is_public(app, endpoint) and role_of(app, endpoint, method) is None)
    if missing:
        raise UndeclaredRole(f"These routes declare no role: {', '.join(missing)}. Give each `@needs(Role.…)`, or `@public`.")


class UndeclaredRole(Exception):
    """A route declares no role, so nobody could say who may use it."""


def guard(app: Flask) -> None:
    """Ask who it is before anything else is done for a request."""
    app.config.from_mapping(
        SECRET_KEY=sessions.secret_key(app.extensions["settings"].instance),
        # Cookies know no ports, and two instances on one machine are two.
        SESSION_COOKIE_NAME=f"estivador-{app.extensions['settings'].port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=sessions.LIFETIME,
        WTF_CSRF_CHECK_DEFAULT=False,  # the door calls it, for pages alone
        WTF_CSRF_TIME_LIMIT=None,  # a page stays open all day; its session ends the token
        WTF_CSRF_SSL_STRICT=False,  # no page of ours sends a Referer
    )
    csrf.init_app(app)
    app.before_request(_ask)


def _ask() -> None:
    is_page = PAGES in request.blueprints
    if is_page and request.method not in SAFE:
        _same_site()
    if request.endpoint is not None and is_public(current_app, request.endpoint):
        return
    # An address without its last slash is no endpoint's yet: a session is enough to be led on, and is asked for again there.
    by_session = is_page or (isinstance(request.routing_exception, RequestRedirect) and "secret" in session)
    g.token = sessions.authenticate(session.get("secret")) if by_session else tokens.authenticate(bearer())
    # Read now: whatever becomes of the record while this is answered, who asked stays known.
    g.name, g.role = g.token.name, Role(g.token.role)
    if request.endpoint is not None:
        _allow(g.role, role_of(current_app, request.endpoint, request.method))


def _allow(role: Role, needed: Role | None) -> None:
    """Raise Forbidden where the role does not include what is needed. Nobody may use what declares nothing."""
    if needed is None or not role.may(needed):
        raise Forbidden(f"This needs the role {needed or 'of nobody'}, and your token has the role {role}. Ask an admin for a token that may.")


def bearer() -> str | None:
    """Return the text of the request's bearer token, if it has one."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _same_site() -> None:
    """Refuse what another site made the browser send."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site not in ("same-origin", "none") if site is not None else origin is not None and urlsplit(origin).netloc != request.host
    if foreign:
        raise CrossSite("This came from another site, so nothing was done. Open the page here, and try again.")
    try:
        csrf.protect()
    except CSRFError:
        raise CrossSite("This form has lost its session, so nothing was done. Reload the page, and try again.") from None


def is_signed_in() -> bool:
    """Whether this request has passed the door as somebody."""
    return "role" in g


def may(role: str) -> bool:
    """Whether who is signed in has the role, so that what needs it is offered to them."""
    return is_signed_in() and g.role.may(Role(role))


__all__ = ["NotAuthenticated", "bearer", "csrf", "guard", "is_public", "is_signed_in", "may", "needs", "public", "refuse_undeclared", "role_of"]
