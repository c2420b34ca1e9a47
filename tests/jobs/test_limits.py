"""What an execution may use, from its parameters and the settings: without an Engine."""

from typing import Any

import pytest

from app.config import Settings
from app.engine.containers import Limits
from app.jobs.limits import limits_of

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("asked", "settings", "limits"),
    [
        ({}, {}, Limits()),
        ({"memory": "1g", "cpus": 0.1, "pids": 9, "shm_size": MIB, "network": "other"}, {}, Limits(1024 * MIB, 100_000_000, 9, MIB, "other")),
        ({}, {"memory": 8 * MIB, "cpus": 2.0, "stop_grace": 0.5}, Limits(8 * MIB, 2_000_000_000, stop_timeout=1)),
        ({"memory": "16m", "cpus": 3.0, "stop_grace": 0.0}, {"memory": 8 * MIB, "cpus": 2.0}, Limits(16 * MIB, 3_000_000_000, stop_timeout=0)),
        ({}, {"max_memory": 8 * MIB, "max_cpus": 2.0}, Limits(8 * MIB, 2_000_000_000)),
        ({"memory": "16m", "cpus": 3}, {"max_memory": 8 * MIB, "max_cpus": 2.0}, Limits(8 * MIB, 2_000_000_000)),
        ({"memory": "7m"}, {"memory": 16 * MIB, "max_memory": 32 * MIB}, Limits(7 * MIB)),
        ({"profile": "strict"}, {}, Limits(network="none", strict=True)),
        ({"profile": "standard", "network": "bridge"}, {"profile": "strict"}, Limits(network="none", strict=True)),
    ],
)
def test_the_settings_fill_in_and_their_ceilings_hold(asked: dict[str, Any], settings: dict[str, Any], limits: Limits) -> None:
    assert limits_of(asked, Settings(**settings)) == limits
