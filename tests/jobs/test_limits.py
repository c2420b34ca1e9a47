"""What an execution may use, from its parameters and the settings: without an Engine."""

from typing import Any

import pytest
from flask import Flask

from app.config import Settings
from app.engine.containers import Limits
from app.extensions import db
from app.jobs import starting
from app.jobs.limits import limits_of
from app.models import Result, move, write
from tests.support.stepping import details_of, submitted

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
        ({"shm_size": "16m"}, {"max_memory": 8 * MIB}, Limits(8 * MIB, shm_size=8 * MIB)),
        ({"memory": "7m"}, {"memory": 16 * MIB, "max_memory": 32 * MIB}, Limits(7 * MIB)),
        ({"profile": "strict"}, {}, Limits(network="none", strict=True)),
        ({"profile": "standard", "network": "bridge"}, {"profile": "strict"}, Limits(network="none", strict=True)),
    ],
)
def test_the_settings_fill_in_and_their_ceilings_hold(asked: dict[str, Any], settings: dict[str, Any], limits: Limits) -> None:
    assert limits_of(asked, Settings(**settings)) == limits


def test_a_network_that_is_not_allowed_any_more_ends_what_waited_for_it(app: Flask) -> None:
    result_id = submitted(app, 1)
    with app.app_context():
        with write() as session:
            session.get_one(Result, result_id).parameters = {"network": "mine"}
        detail = details_of(result_id)[0]
        assert move(detail, "claim")
        assert starting.create(detail)
        assert (detail.status, detail.reason, detail.container_id) == ("ERROR", "engine_error", None)
        assert (detail.message or "").startswith("The network mine is not allowed on this instance any more")
        db.session.rollback()
