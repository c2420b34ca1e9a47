"""note() and note_each(): the rows of the audit for a change, in the transaction of the change; and who is acting."""

import os
import pwd
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import click
from flask import g
from sqlalchemy import ColumnElement, SQLColumnExpression, String, cast, insert, literal, select

from app.actions import Action, Kind, Outcome, Via
from app.models.audit import Audit
from app.models.token import Token
from app.models.transaction import after_commit, write

LONGEST = {column.name: column.type.length for column in Audit.__table__.c if isinstance(column.type, String)}
"""Characters that are kept of each text."""


@dataclass(frozen=True)
class Actor:
    """Who acts, and which way they came in. A token's id and role are None for who has none; `name` is empty for who is not known."""

    name: str
    via: Via
    token_id: str | None = None
    role: str | None = None
    address: str | None = None

    def holding(self, token: Token) -> Self:
        """Return the same with a token: who it is is known then."""
        return replace(self, name=token.name, token_id=token.id, role=token.role)


ITSELF = Actor("estivador", Via.CONSUMER)


def actor() -> Actor:
    """Return who acts here: whom the door let in, else the operating system's user of a command line, else Estivador itself."""
    if "actor" in g:
        known: Actor = g.actor
        return known
    return ITSELF if click.get_current_context(silent=True) is None else Actor(_user(), Via.CLI)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def note(action: Action, kind: Kind | None = None, object_id: object = None, about: str = "", by: Actor | None = None) -> None:
    """Write down that a change is made, in its open write transaction: both are committed, or neither.

    `about` says more in a few words and is never a secret; `by` is who acts, where that is not actor().
    """
    with write() as session:
        session.execute(insert(Audit).values(row_of(by or actor(), action, kind, object_id, about=about)))
        after_commit(_was_noted)


def note_each(action: Action, kind: Kind, object_id: SQLColumnExpression[Any], about: ColumnElement[str], *which: ColumnElement[bool]) -> None:
    """Write down a change of each object that `which` selects, as note() does of one, in a single statement.

    The condition by which models leave out what stands deleted does not reach it: `which` has to.
    """
    row = row_of(actor(), action, kind, None) | {"object_id": cast(object_id, String), "about": about}
    values = [value if isinstance(value, ColumnElement) else literal(value, Audit.__table__.c[name].type) for name, value in row.items()]
    with write() as session:
        session.execute(insert(Audit).from_select([*row], select(*values).where(*which).order_by(object_id)))
        after_commit(_was_noted)


def _was_noted() -> None:
    g.noted = True


def row_of(by: Actor, action: Action, kind: Kind | None, object_id: object, *, about: str = "", status: int | None = None) -> dict[str, Any]:
    """Return the values of a row: done, or with the HTTP `status` that refused it."""
    outcome = Outcome.DONE if status is None else Outcome.REFUSED if status < 500 else Outcome.FAILED
    row = {"at": time.time(), **asdict(by), "action": action, "kind": kind, "object_id": None if object_id is None else str(object_id)}
    row |= {"about": about, "outcome": outcome, "status": status}
    return {name: value[: LONGEST[name]] if name in LONGEST and value is not None else value for name, value in row.items()}
