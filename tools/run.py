"""Starts Estivador and stays: prepares the instance folder, then keeps the process manager with web side and consumer.

It ends them on SIGINT, SIGTERM and SIGHUP and goes when they are gone. What keeps them alive is in supervisord.conf.
"""

import contextlib
import fcntl
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import IO

from app.config import BadSetting, Settings
from tools.common import ROOT, Problem, finish, load_dotenv
from tools.port import wait_until_free

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Start, stay, end."""
    os.umask(0o077)
    load_dotenv()
    settings = read_settings()
    environment = child_environment(settings)
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(settings):
        # A pid file left behind means that the last one was killed; its children need a moment to notice and to end.
        wait_until_free(settings, seconds=15 if (settings.instance / "supervisord.pid").exists() else 0)
        prepared = subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "prepare"], check=False, cwd=ROOT, env=environment)
        if prepared.returncode:
            return 1
        return keep(environment)


def read_settings() -> Settings:
    """Read the environment; raise Problem for nonsense."""
    try:
        return Settings.from_environment()
    except BadSetting as error:
        raise Problem(str(error)) from error


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of all we start: our Python's programs first, and what supervisord.conf asks for."""
    return os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "FLASK_SKIP_DOTENV": "1",  # it is read already
        "SUPERVISED_FOLDER": str(settings.instance),
        "SUPERVISED_USER": pwd.getpwuid(os.getuid()).pw_name,
    }


def hold(settings: Settings) -> IO[str]:
    """Take the instance folder for this process until it ends; raise Problem if another one has it."""
    path = settings.instance / "run.lock"
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip()
        raise Problem(
            f"Estivador runs already on {settings.instance} (process {pid}). "
            f"End it (Ctrl-C there, or kill {pid}), or set ESTIVADOR_INSTANCE and ESTIVADOR_PORT for a second one."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def keep(environment: dict[str, str]) -> int:
    """Run the process manager until it ends, passing its output on; return our exit code."""
    asked_to_end = False
    supervisor: subprocess.Popen[bytes] | None = None

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked_to_end
        asked_to_end = True
        if supervisor:
            supervisor.terminate()

    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup has SIGHUP ignored, and it stays so
            signal.signal(number, end)
    supervisor = start_supervisor(environment)
    if asked_to_end:
        supervisor.terminate()
    pass_on(supervisor)
    code = reap(supervisor.pid)
    if asked_to_end:
        return 0
    raise Problem(f"The process manager ended unasked (exit code {code}), and web side and consumer with it. Start again: make run")


def start_supervisor(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the process manager in a session of its own: signals from the terminal come to us, and we pass on one."""
    return subprocess.Popen(
        ["tools/child.sh", sys.executable, "-m", "supervisor.supervisord", "--configuration", "supervisord.conf"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def pass_on(supervisor: subprocess.Popen[bytes]) -> None:
    """Copy the process manager's output to ours until it ends; a reader that has gone away does not hold it up."""
    assert supervisor.stdout is not None
    while chunk := os.read(supervisor.stdout.fileno(), 65536):
        with contextlib.suppress(OSError):
            while chunk:
                chunk = chunk[os.write(1, chunk) :]


def reap(pid: int) -> int:
    """Wait for a child and return its exit code. Others may come our way too: as process 1 of a container we inherit orphans."""
    while True:
        gone, status = os.wait()
        if gone == pid:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    finish(main)
