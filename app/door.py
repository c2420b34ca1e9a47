"""The door: every request needs somebody who may enter and has the role that its route declares, but for the endpoints that say they are public.

The API takes a bearer token and ignores cookies; the pages take a session and no token. Which of the two an endpoint is,
its blueprint says, never the path. With a route that declares nothing the application does not start.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.actions import Action, Kind, Via
from app.errors import CrossSite, Forbidden, NotAuthenticated
from app.front import count_guess
from app.roles import Role
from app.services import audit, sessions, tokens

PAGES = "ui"
"""The blueprint that all pages are below."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()
log = logging.getLogger(__name__)


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


class Does(NamedTuple):
    """What a view does: None for nothing; another thing by the `operation` of the body, where that names one of these."""

    action: Action | None
    by_operation: dict[str, Action]


def does(action: Action | None, **by_operation: Action) -> Callable[[View], View]:
    """Declare what a view, or a method of one, changes: what the audit says where it is refused. None: nothing, whatever its method."""

    def mark(view: View) -> View:
        view.does = Does(action, by_operation)  # type: ignore[attr-defined]
        return view

    return mark


def _declared(app: Flask, endpoint: str, method: str, name: str) -> Any:
    """Return what a method of an endpoint declares under a name, None where that is nothing."""
    view = app.view_functions[endpoint]
    views = getattr(view, "view_class", None)
    handler = view if views is None else getattr(views, "get" if method == "HEAD" else method.lower(), None)
    return getattr(handler, name, None)


def role_of(app: Flask, endpoint: str, method: str) -> Role | None:
    """Return the role that a method of an endpoint asks for; None where nothing is declared. OPTIONS tells only which methods there are."""
    declared: Role | None = _declared(app, endpoint, method, "needs")
    return Role.VIEWER if declared is None and method == "OPTIONS" else declared


def is_public(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint needs nobody signed in and no token."""
    return getattr(app.view_functions[endpoint], "is_public", False)


def refuse_undeclared(app: Flask) -> None:
    """Raise UndeclaredRole where a route says neither which role it needs nor that it is public, UndeclaredAction where one may change who knows what."""
    asked = {(rule.endpoint, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    missing = sorted(f"{method} {endpoint}" for endpoint, method in asked if not is_public(app, endpoint) and role_of(app, endpoint, method) is None)
    if missing:
        raise UndeclaredRole(f"These routes declare no role: {', '.join(missing)}. Give each `@needs(Role.…)`, or `@public`.")
    silent = sorted(f"{method} {endpoint}" for endpoint, method in asked if method not in SAFE and _declared(app, endpoint, method, "does") is None)
    if silent:
        raise UndeclaredAction(f"These routes do not say what they change: {', '.join(silent)}. Give each `@does(Action.…)`, or `@does(None)`.")


class UndeclaredRole(Exception):
    """A route declares no role, so nobody could say who may use it."""


class UndeclaredAction(Exception):
    """A route does not say what it changes, so the audit could not."""


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
    app.after_request(_leave_row)


def _ask() -> None:
    is_page = PAGES in request.blueprints
    audit.arrive(Via.PAGE if is_page else Via.API, request.remote_addr)
    if is_page and request.method not in SAFE:
        _same_site()
    if request.endpoint is not None and is_public(current_app, request.endpoint):
        return
    # An address without its last slash is no endpoint's yet: a session is enough to be led on, and is asked for again there.
    by_session = is_page or (isinstance(request.routing_exception, RequestRedirect) and "secret" in session)
    g.token = sessions.authenticate(session.get("secret")) if by_session else _of_bearer()
    audit.recognise(g.token)
    # Read now: whatever becomes of the record while this is answered, who asked stays known.
    g.name, g.role = g.token.name, Role(g.token.role)
    if request.endpoint is not None:
        _allow(g.role, role_of(current_app, request.endpoint, request.method))


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


def _leave_row(response: Response) -> Response:
    """Have what somebody known asked for and did not get written down, and a token that opened no session. What is done has its row already."""
    if request.method not in SAFE and response.status_code >= 400:
        try:
            asked = _asked_for()
            if asked is not None and (audit.is_known() or _is_failed_sign_in(response)):
                audit.refuse(asked, *_about(), response.status_code)
        except Exception:  # the answer is given, whatever becomes of its row
            log.exception("a refused request is not in the audit")
    return response


def _asked_for() -> Action | None:
    """Return what this request asks for; None for nothing that changes anything."""
    declared: Does | None = _declared(current_app, request.endpoint, request.method, "does") if request.endpoint else None
    if declared is None:
        return Action.UNKNOWN
    return declared.by_operation.get(_operation(), declared.action) if declared.by_operation else declared.action


def _operation() -> str:
    """Return the operation that the body names, as far as it can be read."""
    try:
        body = request.get_json(silent=True) if request.is_json else request.form
        operation = body.get("operation") if isinstance(body, Mapping) else None
    except (HTTPException, RecursionError):
        return ""
    return operation if isinstance(operation, str) else ""


def _about() -> tuple[Kind | None, object]:
    """Return what the address names: the innermost of task, result, execution and token."""
    kinds = {"detail_id": Kind.EXECUTION, "result_id": Kind.RESULT, "task_id": Kind.TASK, "token_id": Kind.TOKEN}
    return next(((kind, request.view_args[name]) for name, kind in kinds.items() if name in (request.view_args or {})), (None, None))  # type: ignore[index]


def _is_failed_sign_in(response: Response) -> bool:
    """One that was tried: what a limit or another site's form keeps away is nobody's, and could be without end."""
    return request.endpoint is not None and is_public(current_app, request.endpoint) and response.status_code == 401


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


__all__ = ["NotAuthenticated", "bearer", "csrf", "does", "guard", "is_public", "is_signed_in", "may", "needs", "public", "refuse_undeclared", "role_of"]
