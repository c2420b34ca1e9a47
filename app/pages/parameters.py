"""Run parameters in forms: from the API's values to text and back, and as words. Which there are follows from the schema."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.jobs import context
from app.jobs.failing import delay_after
from app.jobs.limits import limits_of, networks
from app.pages import lines
from app.pages.forms import Form, load
from app.pages.kinds import kind_of
from app.schemas.requests import OperateTaskSchema, ParametersSchema
from app.services.parameters import profiles, troubles
from app.services.secret_environment import KEY as SECRET
from app.sizes import short
from app.states import Failure

_SCHEMA = ParametersSchema()
FIELDS = tuple(sorted(_SCHEMA.fields, key=lambda name: name == SECRET))
"""The run parameters, named as in the API; in a run's form `times` stands beside them."""
MOST_DELAYS = 4
"""Delays between attempts that are said one by one."""

LABELS = {
    "env": "Environment",
    "secret_env": "Secrets",
    "workdir": "Working directory",
    "cpus": "Processors",
    "pids": "Processes",
    "shm_size": "Shared memory",
}


def label(name: str) -> str:
    """Return what a parameter is called on the pages."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def read(values: Mapping[str, str], stored: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read a run form as the instance allows it; return what it asks for (times and parameters), and what is wrong by field.

    `stored` are the secret variables of which it may keep the values.
    """
    asked, wrong = read_run(values)
    if not wrong:
        wrong = {name: [sentence] for name, sentence in troubles(asked, context.settings(), asked.get("times")).items()}
        if unknown := [name for name, value in (asked.get(SECRET) or {}).items() if value is None and name not in (stored or {})]:
            wrong[SECRET] = [f"{len(unknown)} of these lines have no =, and no secret of that name is there to be kept: write NAME=VALUE."]
    return {} if wrong else asked, wrong


def read_run(values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read a run form, whatever the instance allows; as read()."""
    asked, form = load(OperateTaskSchema(), {name: text for name, text in values.items() if name in (*FIELDS, "times")}, operation="RUN")
    asked.pop("operation", None)
    return asked, form.errors


def read_defaults(values: Mapping[str, str], stored: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read the fields that set a task's default parameters; as read(), without `times`."""
    return read({name: text for name, text in values.items() if name != "times"}, stored)


def text_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as a person types them; of secret variables the names."""
    return {name: kind_of(field).write(parameters[name]) for name, field in _SCHEMA.fields.items() if parameters.get(name) is not None}


def form_of(values: Mapping[str, str], wrong: Mapping[str, Any] | None = None, stored: Mapping[str, Any] | None = None) -> Form:
    """Return the form that holds what was typed, for the page: no value of a secret goes back to it."""
    kept = lines.without_values(values.get(SECRET, ""), stored or {})
    errors = dict(wrong or {})
    if wrong and "=" in kept:
        errors.setdefault(SECRET, ["What was typed here is not sent back: write the values again."])
    return Form({**values, SECRET: kept} if SECRET in values else values, errors)


class Fact(NamedTuple):
    """A parameter in words: its name, what it is called, and the lines that tell of it."""

    name: str
    label: str
    lines: list[str]


def facts(parameters: Mapping[str, Any]) -> list[Fact]:
    """Tell of every parameter that is given, in the schema's order; of retries and what goes with them in one."""
    together = ("retry_delay", "retry_on") if parameters.get("retries") else ()
    return [Fact(name, label(name), _said(name, parameters)) for name in FIELDS if parameters.get(name) not in (None, {}) and name not in together]


def _said(name: str, parameters: Mapping[str, Any]) -> list[str]:
    field, value = _SCHEMA.fields[name], parameters[name]
    said = kind_of(field).say(value)
    if name == "retries" and value:
        [failures] = kind_of(_SCHEMA.fields["retry_on"]).say(parameters.get("retry_on", [*Failure]))
        return [f"{said[0]}, {_delays(parameters)}, on {failures}"]
    return [f"{line} s" for line in said] if name in ("retry_delay", "stop_grace") else said


def _delays(parameters: Mapping[str, Any]) -> str:
    """Say after how long each retry comes: `after 5 s, 10 s, 20 s`."""
    number = parameters["retries"]
    delays = [delay_after(parameters, attempt) for attempt in range(1, min(number, MOST_DELAYS) + 1)]
    return f"after {', '.join(f'{delay:g} s' for delay in delays)}{' …' if number > MOST_DELAYS else ''}"


def limits(parameters: Mapping[str, Any]) -> str:
    """Say what a container of a run with these parameters is held to: `init, no new privileges, at most 512 processes, bridge network`."""
    found = limits_of(parameters, context.settings())
    words = ["init", "no new privileges"]
    if found.strict:
        words.append("no capability, a root that can't be written but for /tmp")
    words.append(f"at most {found.pids:,} processes")
    if found.memory is not None:
        words.append(f"{short(found.memory)} of memory")
    if found.nano_cpus is not None:
        words.append(f"{found.nano_cpus / 1e9:g} processors")
    if found.shm_size is not None:
        words.append(f"{short(found.shm_size)} of shared memory")
    return ", ".join([*words, "no network" if found.network == "none" else f"{found.network} network"])


def choices(name: str) -> list[tuple[str, str]]:
    """Return what the instance lets one choose for network or profile, each with its words; nothing chosen is the first."""
    allowed = {"network": networks, "profile": profiles}[name](context.settings())
    return [("", "default"), *((each, each) for each in allowed)]
