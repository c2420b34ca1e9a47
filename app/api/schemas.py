"""Schemas of what the API answers. Field names and status words are the specification's; what it takes is in app/schemas/."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.actions import Action, Kind, Outcome, Via
from app.api.statistics_schemas import Rounded, Spread
from app.schemas.fields import Epoch, doc
from app.services import attempts, details, figures, results, secret_environment, tasks, waiting
from app.services.details import duration
from app.states import Reason, Status, TaskStatus

NAMES_ALONE = " Of `secret_env` the names, each with null."


class RegisteredSchema(ma.Schema):
    """The answer to a registration."""

    task_id = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*TaskStatus]))


class ProgressSchema(ma.Schema):
    """How far a pull has come; bytes count the layers whose size the registry has said so far."""

    layers = fields.Integer()
    layers_done = fields.Integer()
    bytes = fields.Integer()
    bytes_done = fields.Integer()


class TaskSchema(ma.Schema):
    """A task."""

    id = fields.Integer()
    task_id = fields.Integer(attribute="id", dump_only=True, metadata=doc("The same number as id."))
    name = fields.String()
    repository = fields.String()
    pull = fields.String()
    status = fields.String(validate=validate.OneOf([*TaskStatus]))
    reason = fields.String(allow_none=True, metadata=doc("Why the import failed, as a code."))
    message = fields.String(allow_none=True, metadata=doc("Why the import failed, and what to do."))
    description = fields.String()
    parameters = fields.Function(secret_environment.shown, metadata={"type": "object", "description": f"What its runs take by default.{NAMES_ALONE}"})
    labels = fields.Dict(keys=fields.String(), values=fields.String(), metadata=doc("They go with each of its runs."))
    image_id = fields.String(allow_none=True, metadata=doc("The id found at import; what runs."))
    progress = fields.Nested(ProgressSchema, allow_none=True, metadata=doc("Of the last pull."))
    submitted_at = Epoch()
    imported_at = Epoch(allow_none=True)
    registry_username = fields.String(allow_none=True, metadata=doc("Of its own login at the registry; the password is never shown."))


class ImageSchema(ma.Schema):
    """An image that a task has had."""

    image_id = fields.String()
    imported_at = Epoch(metadata=doc("When it was imported last."))
    pulled = fields.Boolean(metadata=doc("A pull of ours brought it into the Engine's store."))
    current = fields.Boolean(metadata=doc("A run takes this one now."))
    removed_at = Epoch(allow_none=True, metadata=doc("When we removed it from the Engine's store."))
    results = fields.Integer(metadata=doc("How many of the task's results are of this image: GET /result/?task_id=…&image_id=…"))


class SubmittedSchema(ma.Schema):
    """The answer to a RUN or a RERUN (result_id) or an IMPORT (task_id, status)."""

    result_id = fields.Integer(metadata=doc("Of the new result (RUN, RERUN)."))
    task_id = fields.Integer()
    status = fields.String()


class TimesSchema(ma.Schema):
    """What a result and an execution have in common."""

    result_id = fields.Integer()
    task_id = fields.Integer()
    status = fields.String(validate=validate.OneOf([*Status]))
    submitted_at = Epoch(metadata=doc("Epoch seconds, UTC."))
    start = Epoch(allow_none=True, metadata=doc("Epoch seconds, UTC."))
    end = Epoch(allow_none=True, metadata=doc("Epoch seconds, UTC."))
    duration = fields.Method("get_duration", metadata={"description": "end minus start, seconds", "type": ["number", "null"]})

    def get_duration(self, row: Any) -> float | None:
        """Of rows of both kinds."""
        return duration(row.start, row.end)


class ResultSchema(TimesSchema):
    """A result: one RUN."""

    result_id = fields.Integer(attribute="id")
    task_name = fields.Function(lambda row: getattr(row, "task_name", None) or tasks.get(row.task_id).name, metadata={"type": "string"})
    times = fields.Integer()
    counts = fields.Method("get_counts", metadata={"type": "object", "description": "How many executions stand in each status."})
    parameters = fields.Function(secret_environment.shown, metadata={"type": "object", "description": f"What it runs with.{NAMES_ALONE}"})
    labels = fields.Function(lambda row: row.parameters.get("labels", {}), metadata={"type": "object", "description": "The task's, and the run's over them."})
    rerun_of = fields.Integer(allow_none=True, metadata=doc("The result that this one runs again; that may have been deleted since."))
    image_id = fields.String()
    revision = fields.Integer(metadata=doc("Rises with each change."))
    logs_removed_at = Epoch(allow_none=True, metadata=doc("When retention removed the logs; then they are 410."))

    def get_counts(self, row: Any) -> dict[str, int]:
        """Every status word, those at zero too."""
        return {status.value: getattr(row, status.lower()) for status in Status}


class OneResultSchema(ResultSchema):
    """A result as it answers alone."""

    durations = Spread("Seconds, of those that ended.", lambda row: figures.times(row).durations)
    reruns = fields.Function(lambda row: results.reruns(row.id), metadata={"type": "array", "items": {"type": "integer"}, "description": "Run it again."})


class CountSchema(ma.Schema):
    """How many results were stopped or deleted."""

    count = fields.Integer(required=True)


class DetailSchema(TimesSchema):
    """A detail: one execution. `start` and `end` are the Engine's own."""

    detail_id = fields.Integer(attribute="id")
    index = fields.Integer(attribute="position", metadata=doc("0 to times - 1; in the container ESTIVADOR_INDEX. A rerun has that of what it repeats."))
    attempt = fields.Integer()
    exit_code = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True, validate=validate.OneOf([*Reason]))
    message = fields.String(allow_none=True)
    container_id = fields.String(allow_none=True)
    image_id = fields.String()
    engine = fields.String(metadata=doc("The Docker Engine's name."))
    env = fields.Dict(keys=fields.String(), values=fields.String(), metadata=doc("The values of its combination of the matrix; {} without one."))
    oom_killed = fields.Boolean(allow_none=True, metadata=doc("The Engine's flag; the exit code decides."))
    log_truncated = fields.Boolean(allow_none=True, metadata=doc("The log was longer than the cap."))
    logs_incomplete = fields.Boolean(allow_none=True, metadata=doc("Output was lost."))
    peak_memory = fields.Integer(allow_none=True, metadata=doc("Bytes it held at most, as far as was seen; on cgroup v1 with files that were cached for it."))
    cpu_seconds = Rounded(metadata=doc("CPU time it had taken when it was looked at last. null where it was over before the first look."))
    last_line = fields.String(allow_none=True, metadata=doc("The last line of its log, where it did not end COMPLETE."))
    logs_removed_at = Epoch(allow_none=True, metadata=doc("When retention removed the log; then it is 410."))
    waits_for = fields.Function(waiting.why, metadata={"type": ["string", "null"], "description": "Why one that is QUEUED does not run yet."})

    @ma.pre_dump(pass_collection=True)
    def complete(self, rows: Any, many: bool, **kwargs: Any) -> Any:
        """Add what follows from its result and its Engine."""
        return details.whole(rows) if many else details.whole([rows])[0]


class AttemptSchema(ma.Schema):
    """One attempt of an execution: one container."""

    attempt = fields.Integer()
    status = fields.String(validate=validate.OneOf([*Status]))
    start = Epoch(allow_none=True)
    end = Epoch(allow_none=True)
    duration = fields.Function(lambda row: duration(row.start, row.end), metadata={"type": ["number", "null"], "description": "Seconds."})
    exit_code = fields.Integer(allow_none=True)
    reason = fields.String(allow_none=True, validate=validate.OneOf([*Reason]))
    message = fields.String(allow_none=True)
    container_id = fields.String(allow_none=True)
    oom_killed = fields.Boolean(allow_none=True)
    log_truncated = fields.Boolean(allow_none=True)
    logs_incomplete = fields.Boolean(allow_none=True)
    peak_memory = fields.Integer(allow_none=True, metadata=doc("Bytes, sampled."))
    cpu_seconds = Rounded(metadata=doc("CPU time it had taken when it was looked at last, seconds."))
    last_line = fields.String(allow_none=True, metadata=doc("The last line of its log, where it did not end COMPLETE."))


class OneDetailSchema(DetailSchema):
    """An execution as it answers alone."""

    attempts = fields.Function(lambda row: AttemptSchema(many=True).dump(attempts.of(row)), metadata={"type": "array", "items": {"type": "object"}})


class HealthSchema(ma.Schema):
    """The process answers."""

    status = fields.String()


class ReadySchema(ma.Schema):
    """Each part by name: "ok", or what is wrong with it and what to do."""

    status = fields.String(validate=validate.OneOf(("ready", "not ready")))
    parts = fields.Dict(keys=fields.String(), values=fields.String())


class ConsumerSchema(ma.Schema):
    """A consumer process."""

    host = fields.String()
    pid = fields.Integer()
    started_at = Epoch()
    seen_at = Epoch()
    alive = fields.Boolean(metadata=doc("Whether it has said so lately."))


class DiskSchema(ma.Schema):
    """Bytes on the Engine's disk."""

    images = fields.Integer()
    containers = fields.Integer()
    volumes = fields.Integer()


class EngineSchema(ma.Schema):
    """A Docker Engine. What it says of itself is null where it does not answer."""

    engine_id = fields.Integer(attribute="id")
    name = fields.String()
    address = fields.String()
    slots = fields.Integer(metadata=doc("Executions it may hold at once."))
    held = fields.Integer(metadata=doc("Slots that are held now."))
    version = fields.String(attribute="info.version", dump_default=None, allow_none=True)
    api_version = fields.String(attribute="info.api_version", dump_default=None, allow_none=True)
    operating_system = fields.String(attribute="info.operating_system", dump_default=None, allow_none=True)
    cpus = fields.Integer(attribute="info.cpus", dump_default=None, allow_none=True)
    memory = fields.Integer(attribute="info.memory", dump_default=None, allow_none=True, metadata=doc("Bytes."))
    running = fields.Integer(attribute="info.running", dump_default=None, allow_none=True, metadata=doc("Containers that run on it, ours and others'."))
    disk = fields.Nested(DiskSchema, allow_none=True, metadata=doc("null where it does not come quickly."))
    seen_at = Epoch(allow_none=True, metadata=doc("When a consumer last had an answer of it."))
    trouble = fields.String(allow_none=True, metadata=doc("What is the matter with it, and what to do."))
    consumers = fields.List(fields.Nested(ConsumerSchema))


class KeepSchema(ma.Schema):
    """What is kept; null: for ever, and all of it."""

    results_days = fields.Integer(allow_none=True, metadata=doc("Days after their end."))
    results = fields.Integer(allow_none=True, metadata=doc("The newest so many in all."))
    logs_days = fields.Integer(allow_none=True, metadata=doc("Days after the end of the result."))
    logs_size = fields.Integer(allow_none=True, metadata=doc("Bytes in all."))
    images_days = fields.Integer(allow_none=True, metadata=doc("Days after their import, of those that no task has now."))
    images = fields.Integer(allow_none=True, metadata=doc("So many for each task beside the one it has."))


class StoredSchema(ma.Schema):
    """What is stored."""

    results = fields.Integer()
    executions = fields.Integer()
    logs_bytes = fields.Integer(metadata=doc("On the disk."))
    unmeasured = fields.Integer(metadata=doc("Results, live or new, whose logs are not counted in."))
    images = fields.Integer(metadata=doc("In the Engine's store, pulled by Estivador."))
    leaving = fields.Integer(metadata=doc("Deleted results whose rows and logs are still being removed."))


class DueSchema(ma.Schema):
    """What is above the limits."""

    count = fields.Integer(metadata=doc("Results, logs and images together."))
    results = fields.Integer()
    executions = fields.Integer()
    logs = fields.Integer(metadata=doc("Results that stay, and whose logs go."))
    logs_bytes = fields.Integer()
    images = fields.Integer()


class TidyingSchema(ma.Schema):
    """A run of housekeeping."""

    at = Epoch()
    ended_at = Epoch(allow_none=True, metadata=doc("null while it goes on, or where it died in the middle."))
    results = fields.Integer()
    executions = fields.Integer()
    logs = fields.Integer()
    logs_bytes = fields.Integer()
    images = fields.Integer()
    error = fields.String(allow_none=True, metadata=doc("What it could not do, and what to do about that."))


class RetentionSchema(ma.Schema):
    """Retention."""

    keep = fields.Nested(KeepSchema)
    sentences = fields.List(fields.String(), metadata=doc("The same in words."))
    stored = fields.Nested(StoredSchema)
    due = fields.Nested(DueSchema)
    tidied_at = Epoch(allow_none=True, metadata=doc("When housekeeping ran last."))
    runs = fields.List(fields.Nested(TidyingSchema))


class TokenSchema(ma.Schema):
    """A token, without its secret."""

    token_id = fields.String(attribute="id")
    name = fields.String()
    role = fields.String()
    created_at = Epoch()
    used_at = Epoch(allow_none=True, metadata=doc("Last used, to the minute."))
    expires_at = Epoch(allow_none=True, metadata=doc("From then on it opens nothing. null: it does not end by itself."))


class NewTokenSchema(TokenSchema):
    """A token as it is answered once."""

    token = fields.String(allow_none=True, metadata=doc("`est_<id>_<secret>`: shown once, and kept nowhere."))


class AuditSchema(ma.Schema):
    """A row of the audit: who did what, on what, from where, and what came of it."""

    id = fields.Integer()
    at = Epoch()
    token_id = fields.String(allow_none=True, metadata=doc("Of the token that it was done with; null where there was none."))
    name = fields.String(metadata=doc("Of the token at that time, or the user of a command line; estivador: Estivador itself. Empty: nobody who is known."))
    role = fields.String(allow_none=True)
    via = fields.String(validate=validate.OneOf([*Via]))
    address = fields.String(allow_none=True, metadata=doc("Where the request came from."))
    action = fields.String(validate=validate.OneOf([*Action]))
    kind = fields.String(allow_none=True, validate=validate.OneOf([*Kind]))
    object_id = fields.String(allow_none=True, metadata=doc("As a request named it, where it was refused."))
    about = fields.String(metadata=doc("More in a few words; never a secret."))
    outcome = fields.String(validate=validate.OneOf([*Outcome]))
    status = fields.Integer(allow_none=True, metadata=doc("The HTTP status of what was not done."))
