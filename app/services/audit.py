"""The audit: who asks is told to it at the door, what was refused is written down, and everything is listed."""

import logging
from collections.abc import Sequence
from typing import Any

from flask import g
from limits import parse
from sqlalchemy import ColumnElement, Row, func, insert, select
from sqlalchemy.exc import OperationalError

from app.actions import Action, Kind, Via
from app.addresses import address_of
from app.extensions import db, limiter
from app.models import Actor, Audit, Detail, Result, Task, Token, actor, row_of, write_aside
from app.services.listing import Page, page_of
from app.services.result_filters import HALF

PATIENCE = 0.25
"""Seconds that the answer to a refused request waits for the record, at most."""
REFUSALS = parse("60/minute")
"""How many rows of what was refused or failed a token may fill, as nobody can remove them; each web process counts for itself."""
ONCE = parse("1/minute")

log = logging.getLogger(__name__)


def arrive(via: Via, address: str | None) -> None:
    """Begin a request: somebody came in that nobody knows yet, from an `address` that is kept where it is one."""
    g.actor, g.noted = Actor("", via, address=address_of(address)), False


def recognise(token: Token) -> None:
    """Say whose request this is."""
    g.actor = g.actor.holding(token)


def is_known() -> bool:
    """Whether it has been said whose request this is."""
    return "actor" in g and g.actor.token_id is not None


def refuse(action: Action, kind: Kind | None, object_id: object, status: int) -> None:
    """Write down what was asked for and answered with the HTTP `status`, unless what was asked for is done and written down.

    In a transaction of its own; where the record is busy the log has it instead. Of each token REFUSALS are written down, and no more.
    """
    if g.get("noted") or _is_too_much(actor().token_id):
        return
    row = row_of(actor(), action, kind, object_id, status=status)
    try:
        write_aside(insert(Audit).values(row), PATIENCE)
    except OperationalError as error:
        log.warning("not in the audit, because of %s: %r", error.orig, row)


def _is_too_much(token_id: str | None) -> bool:
    """Count a refusal of a token, and say whether it is one too many; the log has that once a minute. Who has no token is limited at the door."""
    if token_id is None or limiter.limiter.hit(REFUSALS, "refusals", token_id):
        return False
    if limiter.limiter.hit(ONCE, "refusals left out", token_id):
        log.warning("token %s is refused more than %d requests a minute: what is above that is not in the audit", token_id, REFUSALS.amount)
    return True


def listing(page: int, page_size: int, **filters: Any) -> Page:
    """List the rows, newest first; the filters are those of conditions()."""
    return page_of(select(*Audit.columns()).where(*conditions(**filters)).order_by(Audit.id.desc()), page, page_size)


def conditions(
    name: str | None = None,
    token_id: str | None = None,
    action: list[str] | None = None,
    kind: str | None = None,
    object_id: str | None = None,
    outcome: list[str] | None = None,
    via: list[str] | None = None,
    from_: float | None = None,
    to: float | None = None,
) -> list[ColumnElement[bool]]:
    """Return what the filters ask of a row: texts are exact, lists let several through; `from_` and `to` are epoch seconds, both inclusive."""
    # Without an id the index of kinds is of no use: half of the rows may be of one, and they are read from the newest, or the oldest, on.
    of_kind = Audit.kind if object_id is not None else func.coalesce(Audit.kind, "")
    exact = {Audit.name: name, Audit.token_id: token_id, of_kind: kind, Audit.object_id: object_id}
    found = [column == text for column, text in exact.items() if text is not None]
    found += [column.in_(words) for column, words in {Audit.action: action, Audit.outcome: outcome, Audit.via: via}.items() if words]
    if from_ is not None:
        # Answers show it to the millisecond: who sends back a time that was shown means that row too.
        found.append(Audit.at >= from_ - HALF)
    if to is not None:
        found.append(Audit.at <= to + HALF)
    return found


def still_there(rows: Sequence[Row[Any]]) -> dict[tuple[str, str], Any]:
    """Return which of the objects that the rows are about are there now, by kind and id: their own id, of an execution also its result's."""
    found: dict[tuple[str, str], Any] = {}
    for kind, columns in {Kind.TASK: [Task.id], Kind.RESULT: [Result.id], Kind.EXECUTION: [Detail.id, Detail.result_id]}.items():
        ids = {int(row.object_id) for row in rows if row.kind == kind and _is_number(row.object_id)}
        if ids:
            query = select(*columns).where(columns[0].in_(ids))
            found |= {(kind, str(each[0])): each for each in db.session.execute(query)}
    return found


def _is_number(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit() and len(text) < 19
