"""Who asks, and may they: a bearer token for the API, which ignores cookies; a session for the pages, which take no token, and no form of another site's.

Which of the two an endpoint is, its blueprint says, never the path.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.routing import RequestRedirect

from app.actions import Via
from app.door.declared import SAFE, is_public, role_of
from app.door.refused import leave_row
from app.errors import CrossSite, Forbidden, NotAuthenticated
from app.front import count_guess
from app.roles import Role
from app.services import audit, sessions, tokens

PAGES = "ui"
"""The blueprint that all pages are below."""

csrf = CSRFProtect()


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
    app.after_request(leave_row)


def _ask() -> None:
    is_page = PAGES in request.blueprints
    is_open = request.endpoint is not None and is_public(current_app, request.endpoint)
    audit.arrive(Via.PAGE if is_page else Via.API, request.remote_addr)
    if not is_open:
        _recognise(is_page)
    # Only now is the body read: a stranger's could be one that never ends.
    if is_page and request.method not in SAFE:
        _same_site()
    if not is_open and request.endpoint is not None:
        _allow(Role(g.actor.role), role_of(current_app, request.endpoint, request.method))


def _recognise(is_page: bool) -> None:
    """Find out who asks; raise NotAuthenticated for nobody."""
    # An address without its last slash is no endpoint's yet: a session is enough to be led on, and is asked for again there.
    by_session = is_page or (isinstance(request.routing_exception, RequestRedirect) and "secret" in session)
    audit.recognise(sessions.authenticate(session.get("secret")) if by_session else _of_bearer())


def _of_bearer() -> Any:
    """Return the token that the request bears. One that is none counts as a guess, a request without any does not."""
    text = bearer()
    try:
        return tokens.authenticate(text)
    except NotAuthenticated:
        if text:
            count_guess()
        raise


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
    foreign = site not in ("same-origin", "none") if site is not None else origin is not None and not _is_ours(origin)
    if foreign:
        raise CrossSite("This came from another site, so nothing was done. Open the page here, and try again.")
    try:
        csrf.protect()
    except CSRFError:
        raise CrossSite("This form has lost its session, so nothing was done. Reload the page, and try again.") from None


def _is_ours(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:  # no address
        return False


def is_signed_in() -> bool:
    """Whether this request has passed the door as somebody."""
    return audit.is_known()


def may(role: str) -> bool:
    """Whether who is signed in has the role, so that what needs it is offered to them."""
    return is_signed_in() and Role(g.actor.role).may(Role(role))
