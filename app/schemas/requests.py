"""What registers a task, runs it, runs it again, and stops what runs. Field names are the specification's."""

from collections.abc import Callable, Iterable

import marshmallow as ma
from marshmallow import fields, validate

from app.schemas.fields import MOST_TIMES, Command, Environment, Repository, Seconds, Whole, doc, no_control_characters
from app.schemas.filters import LONGEST_TEXT
from app.states import Status

PULL = validate.OneOf(("missing", "always", "never"))


class ParametersSchema(ma.Schema):
    """Run parameters, all optional."""

    command = Command(allow_none=True, metadata=doc("String, split as a shell would, or list. null: the image's own."))
    env = Environment(allow_none=True, metadata=doc("Environment variables, {name: value}. null: none."))
    timeout = Seconds(allow_none=True, metadata=doc("Seconds an execution may run; then it is stopped and ERROR. null: no limit."))


PARAMETERS = frozenset({"times", "command", "env", "timeout"})
"""What goes with a run."""

NAME: tuple[Callable[[str], object], ...] = (validate.Length(1, 255), no_control_characters)


class RegisterSchema(ma.Schema):
    """What registers a task."""

    repository = Repository(required=True, metadata=doc("Image reference, such as johncosta/redis; tag or digest allowed."))
    name = fields.String(validate=NAME, metadata=doc("Human identifiable name, unique, but not a key. Default: the repository."))
    pull = fields.String(
        load_default="missing", validate=PULL, metadata=doc("missing: from the Engine's store if it is there; always: ask the registry; never: do not.")
    )
    description = fields.String(load_default="", validate=validate.Length(0, 1024), metadata=doc("What it is for."))
    parameters = fields.Nested(ParametersSchema, metadata=doc("What its runs take by default."))


class UpdateTaskSchema(ma.Schema):
    """What changes a task; what is left out stays as it is."""

    name = fields.String(validate=NAME, metadata=doc("Unique, but not a key."))
    description = fields.String(validate=validate.Length(0, 1024))
    parameters = fields.Nested(ParametersSchema, metadata=doc("What its runs take by default; takes the place of all that were."))


def refuse(operation: object, names: Iterable[str]) -> None:
    """Refuse the fields that would have no effect with `operation`."""
    errors = {name: [f"Does not go with operation {operation}."] for name in sorted(names)}
    if errors:
        raise ma.ValidationError(errors)


class OperateTaskSchema(ParametersSchema):
    """What operates on a task. `times`, `command`, `env` and `timeout` go with RUN, `pull` with IMPORT."""

    operation = fields.String(load_default="RUN", validate=validate.OneOf(("RUN", "IMPORT")))
    times = Whole(validate=validate.Range(1, MOST_TIMES), metadata=doc("Number of executions. Default: 1."))
    pull = fields.String(validate=PULL, metadata=doc("Pull policy from now on."))

    @ma.validates_schema
    def fits_operation(self, data: dict[str, object], **kwargs: object) -> None:
        """Refuse what would have no effect."""
        refuse(data["operation"], ({"pull"} if data["operation"] == "RUN" else PARAMETERS) & data.keys())


class OperateDetailSchema(ParametersSchema):
    """What operates on one execution. `command`, `env` and `timeout` go with RERUN, in place of those it had; null removes one."""

    operation = fields.String(required=True, validate=validate.OneOf(("CANCEL", "KILL", "RERUN")))

    @ma.validates_schema
    def fits_operation(self, data: dict[str, object], **kwargs: object) -> None:
        """Refuse what would have no effect."""
        if data["operation"] != "RERUN":
            refuse(data["operation"], data.keys() - {"operation"})


class OperateResultSchema(OperateDetailSchema):
    """What operates on a result. `only`, `times`, `command`, `env` and `timeout` go with RERUN."""

    only = fields.List(  # type: ignore[assignment]  # the field takes the place of marshmallow's own `only` in the class, not in its instances
        fields.String(validate=validate.OneOf([*Status])), validate=validate.Length(1), metadata=doc("Run those executions alone again that stand so.")
    )
    times = Whole(validate=validate.Range(1, MOST_TIMES), metadata=doc("Number of executions, from index 0. Default: those of the original, by their index."))

    @ma.validates_schema
    def chooses_or_counts(self, data: dict[str, object], **kwargs: object) -> None:
        """Chosen executions run once more each."""
        if "only" in data and "times" in data:
            raise ma.ValidationError({"times": ["Does not go with `only`: each of the chosen executions runs once more."]})


class OperateResultsSchema(ma.Schema):
    """What stops every live result, or deletes every ended one, that the filters select: those of the list of results."""

    operation = fields.String(required=True, validate=validate.OneOf(("CANCEL", "KILL", "DELETE")))
    expect = Whole(required=True, validate=validate.Range(0), metadata=doc("How many results you mean; where it is another number by now, nothing is done."))
    status = fields.List(fields.String(validate=validate.OneOf([*Status])))
    task_id = Whole()
    from_ = fields.Float(data_key="from", metadata=doc("Submitted then or later: epoch seconds, UTC."))
    to = fields.Float(metadata=doc("Submitted then or earlier: epoch seconds, UTC."))
    text = fields.String(validate=validate.Length(0, LONGEST_TEXT), metadata=doc("Part of the task's name or repository, or a result's id: 12 or #12."))


class TidySchema(ma.Schema):
    """What asks for the housekeeping."""

    operation = fields.String(required=True, validate=validate.OneOf(("TIDY",)))
    expect = Whole(required=True, validate=validate.Range(0), metadata=doc("How many things are due; where it is another number by now, nothing is done."))


class CreateTokenSchema(ma.Schema):
    """What makes a token."""

    name = fields.String(required=True, validate=(validate.Length(1, 64), no_control_characters), metadata=doc("Who or what it is for."))
    role = fields.String(load_default="admin", validate=validate.OneOf(("admin",)))
