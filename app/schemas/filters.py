"""Query parameters of lists and logs."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.actions import Action, Kind, Outcome, Via
from app.schemas.fields import doc
from app.states import Reason, Status, TaskStatus

PAGING = ("page", "page_size")
LONGEST_TEXT = 255


def is_pair(text: str) -> None:
    """Refuse what is no NAME=VALUE."""
    if text.find("=") < 1:
        raise ma.ValidationError("Must be NAME=VALUE.")


def is_label(text: str) -> None:
    """Refuse what names no label."""
    if not text or text.startswith("="):
        raise ma.ValidationError("Must be NAME or NAME=VALUE.")


LABEL = doc("NAME=VALUE, or NAME whatever its value; repeatable, all must hold.")
IS_PAIR, IS_LABEL = {"pattern": r"^[^=]+="}, {"pattern": r"^[^=]"}
"""What is_pair and is_label let through, for the OpenAPI document."""
MOST = 2**63 - 1
"""The largest whole number that the record can be asked for."""


class FilterSchema(ma.Schema):
    """Query parameters of a list. The paging ones are read elsewhere; any other that is not known is refused by name."""

    class Meta:
        unknown = ma.EXCLUDE

    @ma.validates_schema(pass_original=True)
    def refuse_unknown(self, data: Any, original: Any, **kwargs: Any) -> None:
        """A filter that is misspelt would let everything through."""
        known = {field.data_key or name for name, field in self.fields.items()}
        unknown = [name for name in original if name not in known and name not in PAGING]
        if unknown:
            raise ma.ValidationError({name: ["Unknown field."] for name in unknown})


class StatusFilterSchema(FilterSchema):
    """Lets several statuses through."""

    status = fields.List(fields.String(validate=validate.OneOf([*Status])), metadata=doc("Repeatable."))


class TaskFilterSchema(FilterSchema):
    """Filters of the tasks."""

    status = fields.List(fields.String(validate=validate.OneOf([*TaskStatus])), metadata=doc("Repeatable."))
    name = fields.String()
    repository = fields.String()
    text = fields.String(validate=validate.Length(0, LONGEST_TEXT), metadata=doc("Part of name or repository."))
    label = fields.List(fields.String(validate=is_label, metadata=IS_LABEL), metadata=LABEL)


class ResultFilterSchema(StatusFilterSchema):
    """Filters of the results."""

    task_id = fields.Integer(validate=validate.Range(0, MOST))
    from_ = fields.Float(data_key="from", metadata=doc("Submitted then or later: epoch seconds, UTC."))
    to = fields.Float(metadata=doc("Submitted then or earlier: epoch seconds, UTC."))
    text = fields.String(validate=validate.Length(0, LONGEST_TEXT), metadata=doc("Part of the task's name or repository, or a result's id: 12 or #12."))
    label = fields.List(fields.String(validate=is_label, metadata=IS_LABEL), metadata=LABEL)
    image_id = fields.String(metadata=doc("The image that it runs: sha256:…"))


class DetailFilterSchema(StatusFilterSchema):
    """Filters of a result's executions."""

    reason = fields.List(fields.String(validate=validate.OneOf([*Reason])), metadata=doc("Repeatable."))
    exit_code = fields.Integer(validate=validate.Range(-MOST, MOST))
    index = fields.Integer(validate=validate.Range(0, MOST))
    matrix = fields.List(
        fields.String(validate=is_pair, metadata=IS_PAIR), metadata=doc("NAME=VALUE of the matrix, repeatable: either value of a name, and all the names.")
    )


class LogFilterSchema(FilterSchema):
    """Which part of a log."""

    stream = fields.String(load_default="stdout,stderr", validate=validate.OneOf(("stdout", "stderr", "stdout,stderr", "stderr,stdout")))
    tail = fields.Integer(validate=validate.Range(0, 100_000), metadata=doc("The last so many lines."))
    attempt = fields.Integer(validate=validate.Range(1, MOST), metadata=doc("Of which attempt. Default: the current one."))
    follow = fields.Boolean(load_default=False, metadata=doc("Go on with what is written until the attempt has ended."))
    after = fields.Integer(load_default=0, validate=validate.Range(0, MOST), metadata=doc("Leave the first so many lines out."))
    timestamps = fields.Boolean(load_default=False, metadata=doc("Put the Engine's time before each line."))


class AuditFilterSchema(FilterSchema):
    """Filters of the audit."""

    name = fields.String(metadata=doc("Of the token, or the user of a command line; exact."))
    token_id = fields.String()
    action = fields.List(fields.String(validate=validate.OneOf([*Action])), metadata=doc("Repeatable."))
    kind = fields.String(validate=validate.OneOf([*Kind]), metadata=doc("What it was done to."))
    object_id = fields.String(metadata=doc("Goes with `kind`."))
    outcome = fields.List(fields.String(validate=validate.OneOf([*Outcome])), metadata=doc("Repeatable."))
    via = fields.List(fields.String(validate=validate.OneOf([*Via])), metadata=doc("Repeatable."))
    from_ = fields.Float(data_key="from", metadata=doc("Then or later: epoch seconds, UTC."))
    to = fields.Float(metadata=doc("Then or earlier: epoch seconds, UTC."))
