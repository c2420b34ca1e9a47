"""Shows what Estivador does: one real program, many containers, and the record of what became of each.

It uses the Estivador that runs on this instance folder, or starts one and ends it again. All it does with it goes over the
REST API, as any other program would. What it prints is in tools/demo_report.py.
"""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from tools import demo_report as report
from tools.api import Api, Refused
from tools.busybox import build
from tools.common import ROOT, Problem, finish, load_dotenv, tell
from tools.demo_server import server
from tools.run import read_settings

IMAGE = "estivador-demo/pi:1"
TIMES = 20
SAMPLES = 300_000
LIVE = ("QUEUED", "RUNNING")
PATIENCE = 90.0


def main() -> int:
    """Build the image, run it, show the record."""
    os.umask(0o077)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    load_dotenv()
    settings = read_settings()
    image_id = build_image()
    with server(settings) as (api, ours):
        task_id = register(api, image_id)
        result_id = start(api, task_id)
        result = follow_or_kill(api, result_id)
        details = api.get(f"result/{result_id}/detail/", page_size=100)
        details.sort(key=lambda detail: detail["index"])
        outputs = [output_of(api, result_id, detail) for detail in details]
        report.table(details, outputs)
        report.sums(result, details, outputs)
        report.where_to_look(settings, result_id, ours)
    if result["status"] != "COMPLETE":
        raise Problem(f"The run ended as {result['status']}; the table shows which executions, and why.")
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C ends."""
    raise KeyboardInterrupt


def build_image() -> str:
    """Build the demo's image in the Engine and return its id."""
    tell(f"Building the image {IMAGE}: busybox and an awk program that estimates pi (tools/pi.awk).")
    program = (ROOT / "tools" / "pi.awk").read_bytes()
    try:
        client = docker.from_env(use_ssh_client=True)
        try:
            return build(client, IMAGE, {"/app/pi.awk": program}, ['CMD ["awk", "-f", "/app/pi.awk"]'])
        finally:
            client.close()
    except (DockerException, RequestException, OSError, RuntimeError) as error:
        raise Problem(f"The Docker Engine did not build {IMAGE}: {error}") from error


def register(api: Api, image_id: str) -> int:
    """Register the image as a task and wait until it is READY; return the task's id.

    A task keeps to the image it was registered with, so a new image gets a new task: its id is part of the name.
    """
    name = f"pi-{image_id.removeprefix('sha256:')[:12]}"
    try:
        task_id = int(api.post("task/", {"repository": IMAGE, "name": name})["task_id"])
        tell(f"Registered as task {task_id}, {name}.")
    except Refused as refusal:
        if refusal.status != 409:
            raise
        task_id = int(api.get("task/", name=name)[0]["task_id"])
        tell(f"Registered already, as task {task_id}, {name}.")
        if api.get(f"task/{task_id}/")["status"] == "ERROR":
            api.post(f"task/{task_id}/", {"operation": "IMPORT"})
    wait_until_ready(api, task_id)
    return task_id


def wait_until_ready(api: Api, task_id: int) -> None:
    """Wait for the import; raise Problem if it ends in ERROR."""

    def progress() -> str:
        task = api.get(f"task/{task_id}/")
        if task["status"] == "ERROR":
            raise Problem(f"The import of {IMAGE} failed: {task.get('message') or task.get('reason')}")
        return str(task["status"])

    watch(progress, lambda status: status == "READY")


def start(api: Api, task_id: int) -> int:
    """Run the task TIMES times; return the result's id."""
    result_id = int(api.post(f"task/{task_id}/", {"times": TIMES, "env": {"SAMPLES": str(SAMPLES)}})["result_id"])
    tell(f"Running it {TIMES} times, {SAMPLES:,} samples each, as result {result_id}.")
    return result_id


def follow_or_kill(api: Api, result_id: int) -> dict[str, Any]:
    """Follow the run to its end. Ctrl-C kills what still runs before it ends the demo."""
    try:
        return follow(api, result_id)
    except KeyboardInterrupt:
        tell("\nKilling the run (Ctrl-C again: leave it).")
        api.post(f"result/{result_id}/", {"operation": "KILL"})
        watch(lambda: api.get(f"result/{result_id}/")["status"], lambda status: status not in LIVE)
        raise


def follow(api: Api, result_id: int) -> dict[str, Any]:
    """Show the progress until the run has ended; return the result."""
    line = report.ProgressLine(TIMES)
    answer: dict[str, Any] = {}

    def progress() -> str:
        answer.update(api.get(f"result/{result_id}/"))
        line.show(answer["counts"])
        return f"{answer['status']} {answer['counts']}"

    watch(progress, lambda _: answer["status"] not in LIVE)
    line.end()
    return answer


def watch(look: Callable[[], str], done: Callable[[str], bool]) -> None:
    """Look five times a second until done; raise Problem when nothing has changed for PATIENCE seconds."""
    seen, since = "", time.monotonic()
    while not done(state := look()):
        if state != seen:
            seen, since = state, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            raise Problem(f"Nothing has moved for {PATIENCE:.0f} s. GET /ready/ says whether consumer and Engine work.")
        time.sleep(0.2)


def output_of(api: Api, result_id: int, detail: dict[str, Any]) -> str:
    """What one execution printed; for one that failed, why."""
    if detail["status"] != "COMPLETE" and detail.get("message"):
        return str(detail["message"])
    return api.text(f"result/{result_id}/detail/{detail['detail_id']}/log/", stream="stdout").strip()


if __name__ == "__main__":
    os.chdir(ROOT)
    finish(main)
