"""Secret variables of a run: given once, encrypted in a column of their own, and seen by their names alone.

In a request and in an answer they are `secret_env` among the parameters; there a value of null means the one that is there already.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.errors import Unfit
from app.jobs import context
from app.models import Result, Task
from app.services import parameters as run_parameters

KEY = "secret_env"
MOST_BYTES = 64 * 1024
"""Bytes that the names and values of a run may take together."""

Sealed = dict[str, str]
"""Encrypted values by name, as the columns hold them."""


class Asked(NamedTuple):
    """What a request says of secret variables: nothing (`said` False), that there be none (`values` None), or values by name.

    A value that is None means the one that is there already.

    Its methods encrypt, with the first key that there is, what is new and what is taken along: call them in the write transaction that
    stores what they return, so that no key changes between.
    """

    said: bool
    values: Mapping[str, str | None] | None

    def for_task(self, stored: Sealed, parameters: Mapping[str, Any]) -> Sealed:
        """Return a task's defaults anew, beside its other `parameters`; raise Unfit where they don't go together."""
        sealed = self._sealed(stored)
        _refuse_twice(sealed, parameters)
        # One that can't be decrypted any more is in nobody's way here.
        _refuse_large({name: token for name, token in sealed.items() if context.vault().opens(token)})
        return _renewed(sealed)

    def for_run(self, task: Task, parameters: Mapping[str, Any], *, with_defaults: bool) -> Sealed:
        """Lay these over a task's defaults, name by name; raise Unfit where they don't go together, SecretsClosed where one can't be decrypted."""
        defaults = {} if self.values is None or not with_defaults else task.secret_env
        return _checked({**defaults, **self._sealed(task.secret_env)}, parameters)

    def for_rerun(self, original: Result, parameters: Mapping[str, Any]) -> Sealed:
        """Return those of a result that runs `original` again: its own, or these in place of all of them. Raises as for_run()."""
        return _checked(self._sealed(original.secret_env) if self.said else original.secret_env, parameters)

    def _sealed(self, stored: Sealed) -> Sealed:
        values = self.values or {}
        missing = [name for name, value in values.items() if value is None and name not in stored]
        if missing:
            raise Unfit(f"secret_env has null for {missing[0]!r}, which means the value that is there already, and there is none: give its value.")
        vault = context.vault()
        return {name: stored[name] if value is None else vault.encrypt(value) for name, value in values.items()}


def apart(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], Asked]:
    """Take what is secret out of a request's parameters: return the others, and what it says of secrets."""
    others = {name: value for name, value in parameters.items() if name != KEY}
    return others, Asked(KEY in parameters, parameters.get(KEY, {}))


def kept(sealed: Sealed) -> dict[str, None]:
    """Return the names as a request would give them that keeps every value."""
    return dict.fromkeys(sealed)


def shown(row: Any) -> dict[str, Any]:
    """Return of the parameters of a task or a result what anybody may see: of secret variables their names."""
    secrets = {KEY: kept(row.secret_env)} if row.secret_env else {}
    return {**run_parameters.shown(row.parameters), **secrets}


def _checked(sealed: Sealed, parameters: Mapping[str, Any]) -> Sealed:
    _refuse_twice(sealed, parameters)
    _refuse_large(sealed)
    return _renewed(sealed)


def _renewed(sealed: Sealed) -> Sealed:
    return {name: context.vault().renew(token) for name, token in sealed.items()}


def _refuse_twice(sealed: Sealed, parameters: Mapping[str, Any]) -> None:
    """Raise Unfit where a name has a value that is secret and one that is not."""
    for other in ("env", "matrix"):
        if twice := sorted(sealed.keys() & (parameters.get(other) or {}).keys()):
            raise Unfit(f"{twice[0]!r} is in {other} and in secret_env (the task's defaults count too): leave it out of one of them.")


def _refuse_large(sealed: Sealed) -> None:
    vault = context.vault()
    size = sum(len(name.encode()) + len(vault.decrypt(token).encode()) + 2 for name, token in sealed.items())
    if size > MOST_BYTES:
        raise Unfit(f"secret_env takes {size} bytes with the task's defaults; at most {MOST_BYTES} are allowed.")
