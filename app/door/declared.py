"""What a route declares: the role that it needs, or that it is public; and what it changes. With one that declares nothing the application does not start."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flask import Flask

from app.actions import Action
from app.roles import Role

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


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


def declaration(app: Flask, endpoint: str, method: str, name: str) -> Any:
    """Return what a method of an endpoint declares under a name, None where that is nothing."""
    view = app.view_functions[endpoint]
    views = getattr(view, "view_class", None)
    handler = view if views is None else getattr(views, "get" if method == "HEAD" else method.lower(), None)
    return getattr(handler, name, None)


def role_of(app: Flask, endpoint: str, method: str) -> Role | None:
    """Return the role that a method of an endpoint asks for; None where nothing is declared. OPTIONS tells only which methods there are."""
    declared: Role | None = declaration(app, endpoint, method, "needs")
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
    silent = sorted(f"{method} {endpoint}" for endpoint, method in asked if method not in SAFE and declaration(app, endpoint, method, "does") is None)
    if silent:
        raise UndeclaredAction(f"These routes do not say what they change: {', '.join(silent)}. Give each `@does(Action.…)`, or `@does(None)`.")


class UndeclaredRole(Exception):
    """A route declares no role, so nobody could say who may use it."""


class UndeclaredAction(Exception):
    """A route does not say what it changes, so the audit could not."""
