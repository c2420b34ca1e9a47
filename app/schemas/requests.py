"""What registers a task, runs it, and stops what runs. Field names are the specification's."""

import marshmallow as ma
from marshmallow import fields, validate

from app.schemas.fields import MOST_TIMES, Command, Environment, Repository, Seconds, Whole, doc, no_control_characters

PULL = validate.OneOf(("missing", "always", "never"))


class RegisterSchema(ma.Schema):
    """What registers a task."""

    repository = Repository(required=True, metadata=doc("Image reference, such as johncosta/redis; tag or digest allowed."))
    name = fields.String(
        validate=[validate.Length(1, 255), no_control_characters], metadata=doc("Human identifiable name, unique, but not a key. Default: the repository.")
    )
    pull = fields.String(
        load_default="missing", validate=PULL, metadata=doc("missing: from the Engine's store if it is there; always: ask the registry; never: do not.")
    )


class OperateTaskSchema(ma.Schema):
    """What operates on a task. `times`, `command`, `env` and `timeout` go with RUN, `pull` with IMPORT."""

    operation = fields.String(load_default="RUN", validate=validate.OneOf(("RUN", "IMPORT")))
    times = Whole(validate=validate.Range(1, MOST_TIMES), metadata=doc("Number of executions. Default: 1."))
    command = Command(metadata=doc("String, split as a shell would, or list. Default: the image's own."))
    env = Environment(metadata=doc("Environment variables, {name: value}."))
    timeout = Seconds(metadata=doc("Seconds an execution may run; then it is stopped and ERROR."))
    pull = fields.String(validate=PULL, metadata=doc("Pull policy from now on."))

    @ma.validates_schema
    def fits_operation(self, data: dict[str, object], **kwargs: object) -> None:
        """Refuse what would have no effect."""
        wrong = {"pull"} if data["operation"] == "RUN" else {"times", "command", "env", "timeout"}
        errors = {name: [f"Does not go with operation {data['operation']}."] for name in sorted(wrong & data.keys())}
        if errors:
            raise ma.ValidationError(errors)


class OperateSchema(ma.Schema):
    """What operates on a result or on one execution."""

    operation = fields.String(required=True, validate=validate.OneOf(("CANCEL", "KILL")))
