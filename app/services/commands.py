"""The `docker run` line that does by hand what an execution did."""

import shlex

from app.engine.containers import PIDS_LIMIT
from app.jobs.starting import OF_TIMES
from app.models import Detail, Result, Task


def docker_run(detail: Detail, result: Result, task: Task) -> str:
    """Return a shell command that runs the same image in the same way, once."""
    words = ["docker", "run", "--rm", "--init", "--security-opt", "no-new-privileges", "--pids-limit", str(PIDS_LIMIT)]
    environment = {
        **result.parameters.get("env", {}),
        "ESTIVADOR_INDEX": str(detail.position),
        "ESTIVADOR_TIMES": str(result.parameters.get(OF_TIMES, result.times)),
    }
    for name in result.secret_env:
        words += ["--env", name]  # Docker takes the value from the environment of who calls it.
    for name, value in environment.items():
        words += ["--env", f"{name}={value}"]
    if timeout := result.parameters.get("timeout"):
        words = ["timeout", f"{timeout:.15g}", *words]
    image = task.repository if task.image_id == detail.image_id else detail.image_id.removeprefix("sha256:")[:12]
    return shlex.join([*words, image, *(result.parameters.get("command") or [])])
