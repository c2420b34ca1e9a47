"""What a run will do, before it is asked for: how many at once, and how long by what the task took before."""

import math
from dataclasses import dataclass

from sqlalchemy import func, select

from app.extensions import db
from app.jobs.consumer import LOCAL_ENGINE
from app.matrix import size
from app.models import WAITS, Detail, Engine
from app.services import statistics, tasks


@dataclass(frozen=True)
class Forecast:
    """A run to come: executions, how many at once, seconds they take by past durations (None: nothing to go by), how many wait before them."""

    times: int
    at_once: int
    seconds: float | None
    before: int


def forecast(task_id: int, times: int) -> Forecast:
    """Say what a RUN of a task `times` times, with its default matrix, will do."""
    times *= size(tasks.get(task_id).parameters.get("matrix"))
    slots = db.session.execute(select(Engine.slots).where(Engine.id == LOCAL_ENGINE)).scalar_one()
    waiting = db.session.execute(select(func.count()).select_from(Detail).where(Detail.engine_id == LOCAL_ENGINE, WAITS)).scalar_one()
    at_once = max(1, min(times, slots))
    median = statistics.expected(task_id)
    return Forecast(times, at_once, None if median is None else median * math.ceil(times / at_once), waiting)
