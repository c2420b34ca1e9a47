"""Run parameters: a task's defaults under what a request gives, changes at a rerun, and what a user sees of them."""

from collections.abc import Mapping
from typing import Any

from app.jobs.starting import OF_TIMES

INTERNAL = frozenset({OF_TIMES})
"""Keys of a result's parameters that Estivador keeps there for itself; no request gives them, no answer shows them."""


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a request's parameters over a task's defaults: `env` name by name, any other key as a whole; None leaves a default out."""
    together = {**defaults, **own}
    if defaults.get("env") and own.get("env"):
        together["env"] = {**defaults["env"], **own["env"]}
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
