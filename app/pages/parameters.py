"""Run parameters in forms: from the API's values to text and back, and as words."""

import shlex
from collections.abc import Mapping
from typing import Any

from app.pages.forms import environment_text, load
from app.schemas.requests import OperateTaskSchema

FIELDS = ("command", "env", "timeout")
"""The run parameters that forms have, named as in the API; `times` stands beside them."""


def read_run(values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read a run form; return what it asks for (times and parameters), and what is wrong by field."""
    asked, form = load(OperateTaskSchema(), {name: text for name, text in values.items() if name in (*FIELDS, "times")}, operation="RUN")
    asked.pop("operation", None)
    return asked, form.errors


def read_defaults(values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read the fields that set a task's default parameters; as read_run(), without `times`."""
    return read_run({name: text for name, text in values.items() if name != "times"})


def text_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as a person types them."""
    texts = {}
    if (command := parameters.get("command")) is not None:
        texts["command"] = command if isinstance(command, str) else shlex.join(command)
    if parameters.get("env"):
        texts["env"] = environment_text(parameters["env"])
    if parameters.get("timeout") is not None:
        texts["timeout"] = f"{parameters['timeout']:.15g}"
    return texts
