"""The `docker run` line that does by hand what an execution did."""

import shlex
from decimal import Decimal

from app.engine.containers import STRICT_TMPFS, Limits
from app.jobs import context
from app.jobs.limits import limits_of
from app.jobs.starting import open_environment
from app.models import Detail, Result, Task
from app.sizes import short

STOP_TIMEOUT = 10
"""Docker's own seconds between SIGTERM and SIGKILL."""


def docker_run(detail: Detail, result: Result, task: Task) -> str:
    """Return a shell command that runs the same image in the same way, once. A secret is named only: its value is taken from whoever runs the line."""
    asked = result.parameters
    entrypoint = asked.get("entrypoint") or []
    words = ["docker", "run", "--rm", "--init", *_limits(limits_of(asked, context.settings()))]
    for option in ("workdir", "user"):
        words += [f"--{option}", asked[option]] if option in asked else []
    for name, value in asked.get("labels", {}).items():
        words += ["--label", f"{name}={value}"]
    for name in result.secret_env or {}:
        words += ["--env", name]
    for name, value in open_environment(detail, result).items():
        words += ["--env", f"{name}={value}"]
    if entrypoint:
        words += ["--entrypoint", entrypoint[0]]
    if timeout := asked.get("timeout"):
        words = ["timeout", f"{timeout:.15g}", *words]
    image = task.repository if task.image_id == detail.image_id else detail.image_id.removeprefix("sha256:")[:12]
    return shlex.join([*words, image, *entrypoint[1:], *(asked.get("command") or [])])


def _limits(limits: Limits) -> list[str]:
    """Return the options that limit a container as we do."""
    options = ["--security-opt", "no-new-privileges", "--pids-limit", str(limits.pids)]
    if limits.strict:
        options += ["--cap-drop", "ALL", "--read-only", *(word for path, how in STRICT_TMPFS.items() for word in ("--tmpfs", f"{path}:{how}"))]
    if limits.network != "bridge":
        options += ["--network", limits.network]
    if limits.memory is not None:
        options += ["--memory", short(limits.memory), "--memory-swap", short(limits.memory)]
    if limits.nano_cpus is not None:
        options += ["--cpus", f"{Decimal(limits.nano_cpus).scaleb(-9).normalize():f}"]
    if limits.shm_size is not None:
        options += ["--shm-size", short(limits.shm_size)]
    if limits.stop_timeout != STOP_TIMEOUT:
        options += ["--stop-timeout", str(limits.stop_timeout)]
    return options
