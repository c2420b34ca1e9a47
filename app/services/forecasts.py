"""What a run will do, before it is asked for: how many at once, and how long by what the task took before."""

import math
from dataclasses import dataclass

from sqlalchemy import func, select

from app.extensions import db
from app.jobs.consumer import LOCAL_ENGINE
from app.matrix import Matrix, size
from app.models import WAITS, Detail, Engine
from app.services import statistics


@dataclass(frozen=True)
class Forecast:
    """A run to come: `times` of each of its combinations, how many executions run at once, seconds they take by past durations (None: nothing to go by).

    `before` is how many executions wait already.
    """

    times: int
    combinations: int
    at_once: int
    seconds: float | None
    before: int

    @property
    def executions(self) -> int:
        """How many there are in all."""
        return self.times * self.combinations


def forecast(task_id: int, times: int, matrix: Matrix | None = None, parallel: int | None = None) -> Forecast:
    """Say what a RUN of a task `times` times of each combination of `matrix`, at most `parallel` at once, will do."""
    combinations = size(matrix)
    number = times * combinations
    slots = db.session.execute(select(Engine.slots).where(Engine.id == LOCAL_ENGINE)).scalar_one()
    waiting = db.session.execute(select(func.count()).select_from(Detail).where(Detail.engine_id == LOCAL_ENGINE, WAITS)).scalar_one()
    at_once = max(1, min(number, slots, number if parallel is None else parallel))
    median = statistics.expected(task_id)
    return Forecast(times, combinations, at_once, None if median is None else median * math.ceil(number / at_once), waiting)
