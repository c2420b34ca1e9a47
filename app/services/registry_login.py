"""The login of a task at its registry: a username that is shown, and a password that is written only."""

from typing import NamedTuple

from app.jobs import context
from app.models import Task


class Login(NamedTuple):
    """A username and its password; both None: no login."""

    username: str | None
    password: str | None


def keep(task: Task, login: Login | None) -> None:
    """Store a login with a task, in the open write transaction; None leaves the one that is there. Raises SecretsClosed where it can't be encrypted."""
    if login is not None:
        task.registry_username = login.username
        task.registry_password = None if login.password is None else context.vault().encrypt(login.password)
