"""What an execution may use: its parameters, where they say nothing the settings, in Docker's units.

The settings' ceilings hold here once more, for what was submitted before they were set; so does which networks they allow.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from app.config import Settings
from app.engine.containers import PIDS_LIMIT, Limits
from app.sizes import in_bytes


def limits_of(parameters: Mapping[str, Any], settings: Settings) -> Limits:
    """Return the limits of an execution with these run parameters."""
    strict = "strict" in (settings.profile, parameters.get("profile"))
    memory = _least(_bytes(parameters.get("memory")) or settings.memory, settings.max_memory)
    cpus = _least(parameters.get("cpus") or settings.cpus, settings.max_cpus)
    return Limits(
        memory=None if memory is None else int(memory),
        nano_cpus=None if cpus is None else round(cpus * 1e9),
        pids=parameters.get("pids", PIDS_LIMIT),
        shm_size=_shm_size(parameters, settings),
        network="none" if strict else parameters.get("network", "bridge"),
        strict=strict,
        stop_timeout=ceil(parameters.get("stop_grace", settings.stop_grace)),
    )


def networks(settings: Settings) -> tuple[str, ...]:
    """Return the networks that an execution may have."""
    return ("bridge", "none", *settings.networks)


def _shm_size(parameters: Mapping[str, Any], settings: Settings) -> int | None:
    asked = _bytes(parameters.get("shm_size"))
    return None if asked is None else min(asked, settings.max_memory or asked)


def _bytes(size: str | int | None) -> int | None:
    return None if size is None else in_bytes(size)


def _least(asked: float | None, most: float | None) -> float | None:
    """Return what was asked for, no more than the most; where nothing was, the most."""
    return min((each for each in (asked, most) if each is not None), default=None)
