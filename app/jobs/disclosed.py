"""What is secret, decrypted for the one call of the Engine that needs it; nothing here is kept or logged."""

import base64
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from app.engine.images import ImportReason, Login, PullFailed
from app.errors import SecretsClosed
from app.extensions import db
from app.jobs import context
from app.models import Result, Task

Found = TypeVar("Found")

LEAST_HIDDEN = 4
"""Characters of a password that are looked for in a text: a shorter one is in many words by chance."""


def environment(result: Result) -> dict[str, str]:
    """Return a result's secret variables; raise SecretsClosed where one can't be decrypted."""
    return _opened(lambda: {name: context.vault().decrypt(token) for name, token in result.secret_env.items()})


def login(task: Task) -> Login | None:
    """Return a task's own login at its registry, None where it has none; raise PullFailed where it can't be decrypted."""
    if task.registry_username is None or task.registry_password is None:
        return None
    try:
        return Login(task.registry_username, _opened(lambda: context.vault().decrypt(task.registry_password or "")))
    except SecretsClosed as error:
        raise PullFailed(ImportReason.SECRETS_UNREADABLE, error.message) from None


def hidden(text: str, known: Login | None) -> str:
    """Return the Engine's words without the password, should it be in them as it is, or as headers and addresses carry it."""
    if known is None or len(known.password) < LEAST_HIDDEN:
        return text
    encoded = [base64.b64encode(word.encode()).decode() for word in (f"{known.username}:{known.password}", known.password)]
    for word in (*encoded, known.password, quote(known.password, safe="")):
        text = text.replace(word, "***")
    return text


def _opened(read: Callable[[], Found]) -> Found:
    """Decrypt what is in a row; where that fails, once more with the row as it is now: its key may have been changed since it was read."""
    try:
        return read()
    except SecretsClosed:
        db.session.rollback()  # ends the read transaction: the next one sees what was committed meanwhile
        return read()
