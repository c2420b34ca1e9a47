"""Idempotency keys: the same request with the same key is answered by its first answer, and done once."""

import time
from collections.abc import Callable
from typing import NamedTuple

from app.errors import KeyReused
from app.models import IdempotencyKey, write


class Answer(NamedTuple):
    """An answer as it was given."""

    status_code: int
    location: str | None
    body: str


def once(token_id: str, key: str, request_digest: str, answer: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Give the first answer for this key, or the one that `answer` makes now; say whether it was given before.

    The answer is kept in the same transaction as what it tells of, so either both are there or neither is.
    Raises KeyReused where the key came with another request; whatever `answer` raises passes through, and nothing is kept.
    """
    with write() as session:
        known = session.get(IdempotencyKey, (token_id, key))
        if known is not None:
            if known.request_digest != request_digest:
                raise KeyReused("This Idempotency-Key came before with a different request: use a new key for a new request.")
            return Answer(known.status_code, known.location, known.body), True
        given = answer()
        session.add(IdempotencyKey(token_id=token_id, key=key, request_digest=request_digest, created_at=time.time(), **given._asdict()))
        return given, False
