"""The Estivador that the demo talks to: the one that runs already on this instance folder, else one of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import Settings
from tools import port
from tools.api import Api, Refused
from tools.common import ROOT, Problem, tell

START_SECONDS = 60.0
END_SECONDS = 20.0


@contextmanager
def server(settings: Settings) -> Iterator[tuple[Api, bool]]:
    """Give a client of an Estivador that is ready, and whether it was started for this; that one is ended afterwards."""
    if port.answers(settings):
        api = client(settings)
        tell(f"Using the Estivador that runs at {settings.address}.")
        yield api, False
        return
    log = settings.instance / "demo.log"
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    tell(f"Starting web side and consumer; their output goes to {log}.")
    process = launch(log)
    try:
        yield wait_until_ready(settings, process, log), True
    finally:
        end(process)


def client(settings: Settings) -> Api:
    """A client of what answers at our address; raise Problem if that is not the Estivador of our instance folder."""
    try:
        api = Api(settings.address, token(settings))
        api.get("task/", page_size=1)
    except (Problem, OSError, ValueError) as error:
        if isinstance(error, Refused) and error.status >= 500:
            raise
        raise Problem(
            f"Something else answers at {settings.address}: no Estivador on {settings.instance}. End it, or set ESTIVADOR_PORT to a free port."
        ) from error
    return api


def token(settings: Settings) -> str:
    """The admin token, which the first start makes."""
    return (settings.instance / "admin-token").read_text(encoding="utf-8").strip()


def launch(log: Path) -> subprocess.Popen[bytes]:
    """Start what `make run` starts, away from the terminal, so that Ctrl-C comes to the demo alone."""
    with log.open("wb") as output:
        return subprocess.Popen(
            ["tools/child.sh", sys.executable, "-m", "tools.run"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_ready(settings: Settings, process: subprocess.Popen[bytes], log: Path) -> Api:
    """Wait until database, queue, consumer and Engine are ready; raise Problem with the log's end if they don't get so."""
    deadline = time.monotonic() + START_SECONDS
    reason = ""
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = "it has ended"
            break
        try:
            api = Api(settings.address, token(settings))
            api.get("ready/")
            return api
        except (Problem, OSError, ValueError) as error:
            reason = str(error)
        time.sleep(0.2)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
    raise Problem(f"{last}\nEstivador did not get ready: {reason}. The end of {log} is above.")


def end(process: subprocess.Popen[bytes]) -> None:
    """End it and wait until it is gone."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
