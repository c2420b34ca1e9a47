"""Idempotency keys: the same request with the same key is answered by its first answer, and done once."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from app.errors import KeyReused
from app.extensions import db
from app.models import IdempotencyKey, commit_part, write

BEGUN = 0
"""Stands for the status of an answer that is not there yet, because what it tells of is done in parts and not the last of them."""
PAUSE = 0.15
"""Seconds between two parts: longer than who waits for the write lock takes to look again (0.1 s)."""


class Answer(NamedTuple):
    """An answer as it was given."""

    status_code: int
    location: str | None
    body: str


class _Answered(Exception):
    """Between two parts, the same request came again and was done to its end."""


def once(token_id: str, key: str, request_digest: str, answer: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Give the first answer for this key, or the one that `answer` makes now; say whether it was given before.

    The answer is kept in the same transaction as what it tells of, so either both are there or neither is. Where that is done in parts
    (part()), it is the transaction of the last one, and a request that died in the middle goes on when it is sent again.
    Raises KeyReused where the key came with another request; whatever `answer` raises passes through, and no answer is kept.
    """
    try:
        return _once((token_id, key), request_digest, answer)
    except _Answered:
        return _once((token_id, key), request_digest, answer)


def _once(which: tuple[str, str], request_digest: str, answer: Callable[[], Answer]) -> tuple[Answer, bool]:
    with write() as session:
        row = session.get(IdempotencyKey, which)
        if row is not None and row.request_digest != request_digest:
            raise KeyReused("This Idempotency-Key came before with a different request: use a new key for a new request.")
        if row is not None and row.status_code != BEGUN:
            return Answer(row.status_code, row.location, row.body), True
        if row is None:
            row = IdempotencyKey(token_id=which[0], key=which[1], request_digest=request_digest, status_code=BEGUN, body="null")
        row.created_at = time.time()
        session.add(row)
        session.flush()
        session.info["keyed"] = row
        try:
            given = answer()
        finally:
            del session.info["keyed"]
        for name, value in given._asdict().items():
            setattr(row, name, value)
        return given, False


def begun() -> Any:
    """Return how far the request that is answered here came before it died; None where nothing of it is done."""
    row = db.session().info.get("keyed")
    return None if row is None else json.loads(row.body)


def part(done: Any) -> Any:
    """Commit what is done of a request so far, let others write, and go on in a new transaction; return how far it is by then.

    `done` says how far it is, in JSON's types, for whoever goes on: with a key that may be the same request, sent again.
    """
    session = db.session()
    row = session.info.get("keyed")
    if row is not None:
        row.body = json.dumps(done)
    commit_part(PAUSE)
    if row is None:
        return done
    session.refresh(row)
    if row.status_code != BEGUN:
        raise _Answered
    return json.loads(row.body)
