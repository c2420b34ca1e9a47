"""Run parameters: a task's defaults under what a request gives, changes at a rerun, and what a user sees of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.config import PROFILES, Settings
from app.errors import Unfit
from app.jobs.limits import networks
from app.jobs.starting import OF_TIMES
from app.matrix import size
from app.sizes import in_bytes, short

MOST_TIMES = 100_000
MOST_LABELS = 64
MOST_BYTES = 64 * 1024
"""Bytes that entrypoint, command and environment of an execution may take together."""

INTERNAL = frozenset({OF_TIMES})
"""Keys of a result's parameters that Estivador keeps there for itself; no request gives them, no answer shows them."""


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a request's parameters over a task's defaults: `env` and `labels` name by name, any other as a whole; None leaves a default out.

    So {} adds no name, and takes none away.
    """
    together = {**defaults, **own}
    for name in ("env", "labels"):
        if own.get(name) is not None:
            together[name] = {**(defaults.get(name) or {}), **own[name]}
    return given(together)


def changed(parameters: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a rerun: those of the original with `changes` in place of the same keys; None removes a key."""
    return given({**parameters, **changes})


def given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the keys that are None."""
    return {name: value for name, value in parameters.items() if value is not None}


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a result's parameters what a user gave, or could have given."""
    return {name: value for name, value in parameters.items() if name not in INTERNAL}


def misfits(parameters: Mapping[str, Any], times: int | None = None) -> dict[str, str]:
    """Return a sentence for each parameter that does not go with the others, whatever the settings; `times` is for each combination of a matrix."""
    wrong = {}
    env, matrix = parameters.get("env") or {}, parameters.get("matrix") or {}
    secret = parameters.get("secret_env") or {}
    executions = (times or 1) * size(matrix)
    if executions > MOST_TIMES:
        wrong["matrix"] = f"Makes {_words(size(matrix))} combinations, {_words(executions)} executions in all; at most {MOST_TIMES:,} are allowed."
    elif twice := [name for name in matrix if name in env or name in secret]:
        wrong["matrix"] = f"{twice[0]!r} is in the environment too: a variable has its value from the one or from the other."
    if (taken := _bytes_taken(parameters, env, matrix)) > MOST_BYTES:
        wrong.setdefault(
            "matrix" if matrix else "env" if env else "command", f"Takes {taken} bytes with command and environment; at most {MOST_BYTES} are allowed."
        )
    if parameters.get("profile") == "strict" and parameters.get("network") not in (None, "none"):
        wrong["network"] = _NO_NETWORK
    return wrong


def _words(number: int) -> str:
    """Write a number that may have more digits than anybody reads, or Python writes."""
    return f"{number:,}" if number < 10**12 else "more than a trillion"


_NO_NETWORK = "Profile strict has no network: leave `network` out, or let it be none."


def _bytes_taken(parameters: Mapping[str, Any], env: Mapping[str, str], matrix: Mapping[str, list[str]]) -> int:
    """Return what entrypoint, command and the largest environment take."""
    words = [*(parameters.get("entrypoint") or []), *(parameters.get("command") or []), *env, *env.values(), *matrix]
    return bytes_of(words) + sum(max(bytes_of([value]) for value in values) for values in matrix.values())


def bytes_of(words: Iterable[str]) -> int:
    """Return the bytes that words take as UTF-8, each with its end; raise UnicodeEncodeError where they can't be written so."""
    return sum(len(word.encode()) + 1 for word in words)


def check(parameters: Mapping[str, Any], settings: Settings, times: int | None = None) -> None:
    """Raise Unfit where the parameters do not go together, or ask for more than the settings allow. `times` as in misfits()."""
    for name, sentence in troubles(parameters, settings, times).items():
        raise Unfit(f"`{name}`: {sentence}")


def troubles(parameters: Mapping[str, Any], settings: Settings, times: int | None = None) -> dict[str, str]:
    """Return a sentence for each parameter that does not go with the others or that the settings do not allow. `times` as in misfits()."""
    return {**misfits(parameters, times), **_beyond(parameters, settings)}


def profiles(settings: Settings) -> tuple[str, ...]:
    """Return the profiles that an execution may ask for."""
    return PROFILES if settings.profile == "standard" else (settings.profile,)


def _beyond(parameters: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return a sentence for each parameter that the settings do not allow."""
    wrong = {}
    for name in ("memory", "shm_size"):
        asked = parameters.get(name)
        if asked is not None and settings.max_memory is not None and in_bytes(asked) > settings.max_memory:
            wrong[name] = f"Is {asked}; this instance allows at most {short(settings.max_memory)} (ESTIVADOR_MAX_MEMORY)."
    if settings.max_cpus is not None and (parameters.get("cpus") or 0) > settings.max_cpus:
        wrong["cpus"] = f"Is {parameters['cpus']:g}; this instance allows at most {settings.max_cpus:g} (ESTIVADOR_MAX_CPUS)."
    network, profile = parameters.get("network"), parameters.get("profile")
    if settings.profile == "strict" and profile == "standard":
        wrong["profile"] = "This instance runs executions of profile strict only (ESTIVADOR_PROFILE): leave `profile` out."
    elif settings.profile == "strict" and network not in (None, "none"):
        wrong["network"] = _NO_NETWORK
    elif network not in (None, *networks(settings)):
        names = ", ".join(networks(settings))
        wrong["network"] = f"{network} is not allowed on this instance: take one of {names}. ESTIVADOR_NETWORKS lists more."
    return wrong
