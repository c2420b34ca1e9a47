"""What registers a task, runs it, runs it again, and stops what runs. Field names are the specification's."""

from collections.abc import Callable, Iterable
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.config import LEAST_CPUS, LEAST_MEMORY, MOST_CPUS, PROFILES
from app.engine.containers import PIDS_LIMIT
from app.roles import Role
from app.schemas.fields import (
    LEAST_SHM,
    MOST_PIDS,
    AbsolutePath,
    Command,
    Environment,
    Labels,
    Matrix,
    Network,
    Number,
    Repository,
    RetryOn,
    Seconds,
    Size,
    User,
    Whole,
    doc,
    no_control_characters,
)
from app.schemas.filters import IS_LABEL, LABEL, LONGEST_TEXT, MOST, is_label
from app.schemas.patterns import PRINTABLE
from app.schemas.secrets import LOGIN, LoginSchema, SecretsSchema
from app.services.parameters import MOST_TIMES, misfits
from app.states import Status

MOST_DAYS = 3650
PULL = validate.OneOf(("missing", "always", "never"))


class ParametersSchema(SecretsSchema):
    """Run parameters, all optional; null leaves a default out."""

    command = Command(allow_none=True, metadata=doc("String, split as a shell would, or list. null: the image's own."))
    entrypoint = Command(allow_none=True, metadata=doc("As command; in place of the image's ENTRYPOINT, and without its CMD. null: the image's own."))
    env = Environment(allow_none=True, metadata=doc("Environment variables, {name: value}. null: none."))
    matrix = Matrix(allow_none=True, metadata=doc("{name: [values]}: `times` executions for each combination, which finds its values in its environment."))
    workdir = AbsolutePath(allow_none=True, metadata=doc("Absolute path that it starts in. null: the image's own."))
    user = User(allow_none=True, metadata=doc("Name, uid, or uid:gid. null: the image's own."))
    labels = Labels(allow_none=True, metadata=doc("Docker labels of the container, {name: value}; none that begins with estivador."))
    memory = Size(LEAST_MEMORY, allow_none=True, metadata=doc("Most memory, swap included: 512m, 1g, 64MiB, or bytes. null: the instance's."))
    cpus = Number(LEAST_CPUS, MOST_CPUS, allow_none=True, metadata=doc("Most processors: 1.5. null: the instance's."))
    pids = Whole(allow_none=True, validate=validate.Range(1, MOST_PIDS), metadata=doc(f"Most processes. null: {PIDS_LIMIT}."))
    shm_size = Size(LEAST_SHM, allow_none=True, metadata=doc("Size of /dev/shm, as memory. null: Docker's 64m."))
    network = Network(allow_none=True, metadata=doc("bridge, none, or one that the instance allows. null: bridge; with profile strict, none."))
    profile = fields.String(
        allow_none=True,
        validate=validate.OneOf(PROFILES),
        metadata=doc("strict: no capability, a root that can't be written but for /tmp, no network. null: the instance's."),
    )
    timeout = Seconds(allow_none=True, metadata=doc("Seconds an execution may run; then it is stopped and ERROR. null: no limit."))
    stop_grace = Number(0, 3600, unit=" seconds", allow_none=True, metadata=doc("Seconds between SIGTERM and SIGKILL. null: the instance's."))
    retries = Whole(allow_none=True, validate=validate.Range(0, 100), metadata=doc("How often a failed execution is tried again. null: 0."))
    retry_delay = Number(
        0, 600, unit=" seconds", allow_none=True, metadata=doc("Seconds before the first retry; doubled for each that follows, up to 600. null: 5.")
    )
    retry_on = RetryOn(
        allow_none=True,
        metadata=doc(
            "What is tried again: exit codes, exit (any but 0, and but for a command that can't be run), oom, timeout, engine (no fault of the program). "
            "null: all four."
        ),
    )
    parallel = Whole(allow_none=True, validate=validate.Range(1, MOST_TIMES), metadata=doc("Most executions of this result at once. null: as many as slots."))
    priority = Whole(allow_none=True, validate=validate.Range(-100, 100), metadata=doc("Results of a higher one go first. null: 0."))
    max_failures = Whole(allow_none=True, validate=validate.Range(1, MOST_TIMES), metadata=doc("Cancels what waits once so many have failed. null: never."))

    @ma.validates_schema
    def fit_together(self, data: dict[str, Any], **kwargs: object) -> None:
        """Refuse what does not go together, as far as the request alone can tell."""
        if wrong := misfits(data, data.get("times")):
            raise ma.ValidationError({name: [sentence] for name, sentence in wrong.items()})


PARAMETERS = frozenset(ParametersSchema().fields) | {"times"}
"""What goes with a run."""
Form = tuple[tuple[str, ...], frozenset[str]]
"""Operations, and the fields that go with them: for the OpenAPI document, as `forms` of a schema."""
STOPS: Form = (("CANCEL", "KILL"), frozenset())

NAME: tuple[Callable[[str], object], ...] = (validate.Length(1, 255), no_control_characters)


class RegisterSchema(LoginSchema):
    """What registers a task."""

    repository = Repository(required=True, metadata=doc("Image reference, such as johncosta/redis; tag or digest allowed."))
    name = fields.String(validate=NAME, metadata=doc("Human identifiable name, unique, but not a key. Default: the repository.", pattern=PRINTABLE))
    pull = fields.String(
        load_default="missing", validate=PULL, metadata=doc("missing: from the Engine's store if it is there; always: ask the registry; never: do not.")
    )
    description = fields.String(load_default="", validate=validate.Length(0, 1024), metadata=doc("What it is for."))
    parameters = fields.Nested(ParametersSchema, metadata=doc("What its runs take by default."))
    labels = Labels(metadata=doc("{name: value}: what it is found by; they go with each of its runs, under the run's own."))


class UpdateTaskSchema(LoginSchema):
    """What changes a task; what is left out stays as it is."""

    name = fields.String(validate=NAME, metadata=doc("Unique, but not a key.", pattern=PRINTABLE))
    description = fields.String(validate=validate.Length(0, 1024))
    parameters = fields.Nested(ParametersSchema, metadata=doc("What its runs take by default; takes the place of all that were."))
    labels = Labels(metadata=doc("{name: value}; takes the place of all that were."))


def refuse(operation: object, names: Iterable[str]) -> None:
    """Refuse the fields that would have no effect with `operation`."""
    errors = {name: [f"Does not go with operation {operation}."] for name in sorted(names)}
    if errors:
        raise ma.ValidationError(errors)


class OperateTaskSchema(ParametersSchema, LoginSchema):
    """What operates on a task. `times` and the run parameters go with RUN, `pull` and the login with IMPORT."""

    forms = ((("RUN",), PARAMETERS), (("IMPORT",), frozenset({"pull", *LOGIN})))

    operation = fields.String(load_default="RUN", validate=validate.OneOf(("RUN", "IMPORT")))
    times = Whole(validate=validate.Range(1, MOST_TIMES), metadata=doc("Number of executions. Default: 1."))
    pull = fields.String(validate=PULL, metadata=doc("Pull policy from now on."))

    @ma.validates_schema
    def fits_operation(self, data: dict[str, object], **kwargs: object) -> None:
        """Refuse what would have no effect."""
        refuse(data["operation"], ({"pull", *LOGIN} if data["operation"] == "RUN" else PARAMETERS) & data.keys())


class OperateDetailSchema(ParametersSchema):
    """What operates on one execution. The run parameters go with RERUN, in place of those it had; null removes one."""

    forms: tuple[Form, ...] = ((("RERUN",), PARAMETERS - {"times"}), STOPS)

    operation = fields.String(required=True, validate=validate.OneOf(("CANCEL", "KILL", "RERUN")))

    @ma.validates_schema
    def fits_operation(self, data: dict[str, object], **kwargs: object) -> None:
        """Refuse what would have no effect."""
        if data["operation"] != "RERUN":
            refuse(data["operation"], data.keys() - {"operation"})


class OperateResultSchema(OperateDetailSchema):
    """What operates on a result. `only`, `times` and the run parameters go with RERUN."""

    forms = ((("RERUN",), PARAMETERS), (("RERUN",), PARAMETERS - {"times"} | {"only"}), STOPS)

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
    task_id = Whole(validate=validate.Range(0, MOST))
    from_ = fields.Float(data_key="from", metadata=doc("Submitted then or later: epoch seconds, UTC."))
    to = fields.Float(metadata=doc("Submitted then or earlier: epoch seconds, UTC."))
    text = fields.String(validate=validate.Length(0, LONGEST_TEXT), metadata=doc("Part of the task's name or repository, or a result's id: 12 or #12."))
    label = fields.List(fields.String(validate=is_label, metadata=IS_LABEL), metadata=LABEL)
    image_id = fields.String(metadata=doc("The image that it runs: sha256:…"))


class TidySchema(ma.Schema):
    """What asks for the housekeeping."""

    operation = fields.String(required=True, validate=validate.OneOf(("TIDY",)))
    expect = Whole(required=True, validate=validate.Range(0), metadata=doc("How many things are due; where it is another number by now, nothing is done."))


class CreateTokenSchema(ma.Schema):
    """What makes a token."""

    name = fields.String(required=True, validate=(validate.Length(1, 64), no_control_characters), metadata=doc("Who or what it is for.", pattern=PRINTABLE))
    role = fields.String(
        load_default=Role.OPERATOR.value,
        validate=validate.OneOf([*Role]),
        metadata=doc("viewer: reads. operator: also registers, runs, stops and deletes. admin: also makes tokens, and all that concerns the instance."),
    )
    days = Number(
        0, MOST_DAYS, above=True, unit=" days", allow_none=True, load_default=None, metadata=doc("How long it opens anything. null: until it is revoked.")
    )
