"""Schemas of what the API answers about statistics and comparisons."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.schemas.fields import Epoch, doc
from app.services.details import duration
from app.services.statistics import Summary
from app.states import Reason, Status

STATUS = validate.OneOf([*Status])


class Rounded(ma.fields.Float):
    """A number with so many places after the point, null where there is none."""

    def __init__(self, places: int = 3, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)
        self.places = places

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else round(value, self.places)


def success_rate() -> Rounded:
    """Return the field that several have."""
    return Rounded(6, metadata=doc("COMPLETE among all that have run to an end, 0 to 1; null where none has."))


class SpreadSchema(ma.Schema):
    """How a figure is spread. Percentiles are nearest-rank: each is a value that was measured. All are null where `count` is 0."""

    count = fields.Integer(metadata=doc("How many have the figure."))
    min = Rounded(attribute="minimum")
    p50 = Rounded()
    p95 = Rounded()
    max = Rounded(attribute="maximum")


class TotalSchema(SpreadSchema):
    """A spread with its sum."""

    total = Rounded()


class Spread(fields.Nested):
    """How the figure is spread that `read` finds; of nothing where that is None. `total` finds the sum that goes with it."""

    def __init__(self, text: str, read: Callable[[Any], Summary | None], total: Callable[[Any], float | None] | None = None) -> None:
        super().__init__(TotalSchema if total else SpreadSchema, metadata=doc(text))
        self.read, self.total = read, total

    def get_value(self, obj: Any, attr: Any, accessor: Any = None, default: Any = None) -> dict[str, float | None]:
        """Return the values of the nested schema."""
        found = self.read(obj)
        values = {name: getattr(found, name, None) for name in ("minimum", "p50", "p95", "maximum")}
        return {"count": found.count if found else 0, **values, "total": self.total(obj) if self.total else None}


class ExitCodeSchema(ma.Schema):
    """How many ended with an exit code."""

    exit_code = fields.Integer(allow_none=True, metadata=doc("null: ended without one."))
    count = fields.Integer()


class GroupSchema(ma.Schema):
    """Executions that ended ERROR the same way."""

    reason = fields.String(allow_none=True, validate=validate.OneOf([*Reason]))
    exit_code = fields.Integer(allow_none=True)
    ending = fields.String(allow_none=True, metadata=doc("What their last lines have in common: numbers, ids and times stand as #, temporary paths as /…"))
    last_line = fields.String(allow_none=True, metadata=doc("Of the example."))
    count = fields.Integer()
    result_id = fields.Integer(metadata=doc("Of the example."))
    detail_id = fields.Integer(metadata=doc("The first of them, as an example."))
    index = fields.Integer(metadata=doc("Of the example."))


class StatisticsSchema(ma.Schema):
    """What became of executions, in figures."""

    durations = Spread("Seconds, of those that ended.", lambda found: found["statistics"].durations)
    waits = Spread("Seconds from submission to start, of those that started.", lambda found: found["statistics"].waits)
    success_rate = success_rate()
    exit_codes = fields.List(fields.Nested(ExitCodeSchema), attribute="ends.exit_codes", metadata=doc("Of those that ended, the most frequent first."))
    failures = fields.List(fields.Nested(GroupSchema), attribute="ends.failures", metadata=doc("ERROR by how they ended: the 20 largest groups."))
    failures_left = fields.Integer(attribute="ends.failures_left", metadata=doc("ERROR that are in none of these groups."))
    peak_memory = Spread("Bytes, of those that were sampled.", lambda found: found["use"].peak_memory)
    cpu_seconds = Spread("Of those that were sampled; `total` is their sum.", lambda found: found["use"].cpu_seconds, lambda found: found["use"].cpu_total)


class ResultHeadSchema(ma.Schema):
    """Which result."""

    result_id = fields.Integer(attribute="result.id")
    task_id = fields.Integer(attribute="result.task_id")
    status = fields.String(attribute="result.status", validate=STATUS)


# The head comes last here and first in the answer.
class ResultStatisticsSchema(StatisticsSchema, ResultHeadSchema):
    """A result in figures."""


class TrendSchema(ma.Schema):
    """One of a task's last results."""

    result_id = fields.Integer()
    status = fields.String(validate=STATUS)
    submitted_at = Epoch()
    times = fields.Integer()
    success_rate = success_rate()
    durations = Spread("Seconds, of those that were looked at.", lambda trend: trend.durations)


class SampleSchema(ma.Schema):
    """What was looked at."""

    results = fields.Integer(metadata=doc("The last results of the task, at most 20."))
    executions = fields.Integer(metadata=doc("At most 5,000: of a result that is larger than its share, the first by index. Rates are by all."))
    executions_in_all = fields.Integer(metadata=doc("How many these results have."))


class TaskHeadSchema(ma.Schema):
    """Which task, and what of it."""

    task_id = fields.Integer()
    sample = fields.Nested(SampleSchema)
    results = fields.List(fields.Nested(TrendSchema), metadata=doc("Newest first."))


class TaskStatisticsSchema(StatisticsSchema, TaskHeadSchema):
    """A task in figures."""


class SideSchema(ma.Schema):
    """One of two results."""

    result_id = fields.Integer(attribute="result.id")
    task_id = fields.Integer(attribute="result.task_id")
    status = fields.String(attribute="result.status", validate=STATUS)
    image_id = fields.String(attribute="result.image_id")
    submitted_at = Epoch(attribute="result.submitted_at")
    start = Epoch(attribute="result.start", allow_none=True)
    end = Epoch(attribute="result.end", allow_none=True)
    duration = fields.Function(lambda side: duration(side.result.start, side.result.end), metadata=doc("Seconds.") | {"type": ["number", "null"]})
    times = fields.Integer(attribute="result.times")
    counts = fields.Dict(attribute="result.counts")
    parameters = fields.Dict()
    success_rate = success_rate()
    durations = Spread("Seconds, of those that ended.", lambda side: side.statistics.durations)
    exit_codes = fields.List(fields.Nested(ExitCodeSchema))


class DifferenceSchema(ma.Schema):
    """A parameter that differs."""

    name = fields.String(metadata=doc("A variable of the environment is env.NAME."))
    value = fields.Raw(allow_none=True)
    other_value = fields.Raw(allow_none=True)


class TransitionSchema(ma.Schema):
    """How many executions ended so here, and so there."""

    status = fields.String(validate=STATUS)
    other_status = fields.String(validate=STATUS)
    count = fields.Integer()


class ChangeSchema(ma.Schema):
    """An execution that ended otherwise than the one with the same index."""

    index = fields.Integer()
    detail_id = fields.Integer()
    status = fields.String(validate=STATUS)
    other_detail_id = fields.Integer()
    other_status = fields.String(validate=STATUS)


class ComparisonSchema(ma.Schema):
    """Two results side by side."""

    result = fields.Nested(SideSchema, attribute="one")
    other = fields.Nested(SideSchema)
    parameters = fields.List(fields.Nested(DifferenceSchema), metadata=doc("Only those that differ."))
    p50_ratio = Rounded(metadata=doc("2: this result's p50 is twice as long as the other's."))
    p95_ratio = Rounded()
    same = fields.Integer(metadata=doc("Executions that ended with the same status as those with their index."))
    changed = fields.Integer(metadata=doc("Executions that ended otherwise."))
    unpaired = fields.Integer(metadata=doc("Executions without one of their index over there, or where one of the two has not ended."))
    transitions = fields.List(fields.Nested(TransitionSchema))
    changes = fields.List(fields.Nested(ChangeSchema), metadata=doc("The first 100 that ended otherwise, by index."))
