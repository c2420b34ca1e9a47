"""The keys of what is secret: begun at the first start, and changed while everything goes on."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, or_, select, update

from app.actions import Action, Kind
from app.errors import WrongState
from app.extensions import db
from app.jobs import context
from app.jobs.locks import holding
from app.models import Result, Task, note, write

log = logging.getLogger(__name__)

BATCH = 200
"""Rows that are encrypted anew in one transaction."""
LONGEST_PAUSE = 0.1
"""Seconds between two batches, at most: as long as the last one held the write lock, others may have it."""

SECRETS: dict[type[Task | Result], tuple[Any, ...]] = {Task: (Task.secret_env, Task.registry_password), Result: (Result.secret_env,)}
"""The columns that hold what is encrypted: a token, or tokens by name."""


@dataclass
class Renewed:
    """How many secrets were encrypted with the new key, and how many no key decrypts: those were left as they are."""

    renewed: int = 0
    unopened: int = 0


def ensure() -> None:
    """Make the file of keys at the first start. Where it is missing although something is encrypted, only say so: a new key is of no use then."""
    vault = context.vault()
    if not vault.path.exists() and not any(db.session.execute(_holding(model, 0).limit(1)).first() for model in SECRETS):
        vault.begin()
    if trouble := vault.trouble():
        log.warning("%s", trouble)


def rotate(*, lost: bool = False) -> Renewed:
    """Put a new key first, encrypt with it all that is encrypted, in batches, then leave the old keys out. May be done again after it died midway.

    With `lost` a file that is missing is begun anew. Raises SecretsClosed where the file can't be used, WrongState where another is at it.
    """
    vault, done = context.vault(), Renewed()
    with holding("rotate-key") as mine:
        if not mine:
            raise WrongState("Another rotate-key is at work: wait until it has ended.")
        with write() as session:  # nobody else writes now: whatever is written from here on is encrypted with the new key
            if lost and not vault.path.exists():
                vault.begin()
            else:
                vault.add_key()
            note(Action.KEY_ROTATE, Kind.KEY, about="the file was lost" if lost else "")
            newest = {model: session.execute(select(func.coalesce(func.max(model.id), 0))).scalar_one() for model in SECRETS}
        for model, last in newest.items():
            _renew_all(model, last, done)
        vault.drop_old_keys()
    return done


def _renew_all(model: type[Task | Result], last: int, done: Renewed) -> None:
    """Encrypt a table's secrets anew, as far as the row `last`: later ones have come to be since."""
    after: int | None = 0
    while after is not None:
        begun = time.monotonic()
        with write() as session:
            rows = session.execute(_holding(model, after).where(model.id <= last).limit(BATCH)).all()
            for row_id, *secrets in rows:
                names = [column.key for column in SECRETS[model]]
                values = {name: _renew(secret, done) for name, secret in zip(names, secrets, strict=True)}
                session.execute(update(model).where(model.id == row_id).values(values).execution_options(synchronize_session=False))
        after = rows[-1][0] if rows else None
        time.sleep(min(time.monotonic() - begun, LONGEST_PAUSE))


def _holding(model: type[Task | Result], after: int) -> Any:
    """Select the ids and the secrets of the rows that hold any, by id."""
    columns = SECRETS[model]
    some = [cast(column, Text) != "{}" if column.key == "secret_env" else column.is_not(None) for column in columns]
    return select(model.id, *columns).where(model.id > after, or_(*some)).order_by(model.id)


def _renew(secret: Any, done: Renewed) -> Any:
    """Renew a token, or each of some tokens by name."""
    if secret is None:
        return None
    if isinstance(secret, dict):
        return {name: _renew(token, done) for name, token in secret.items()}
    vault = context.vault()
    if vault.opens(secret):
        done.renewed += 1
    else:
        done.unopened += 1
    return vault.renew(secret)
