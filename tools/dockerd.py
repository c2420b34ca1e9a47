"""Starts the Docker daemon of this machine: by systemd where that runs, else as a detached process with its log in a file.

A daemon that was killed leaves its pid files behind, and the next one refuses to start as soon as any process has that
number: they are removed when their process is gone.
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tools import debian
from tools.common import Problem, tell

PID_FILE = Path("/var/run/docker.pid")
CONTAINERD_PID_FILE = Path("/var/run/docker/containerd/containerd.pid")
LOG = Path("/var/log/dockerd.log")
LOG_LIMIT = 10 * 1024 * 1024
SYSTEMD = Path("/run/systemd/system")


def program() -> str | None:
    """Where dockerd is installed, if it is."""
    return debian.find("dockerd")


def living_pid(pid_file: Path = PID_FILE, name: str = "dockerd") -> int | None:
    """Read a pid file: the number, if it is a living process of that name. Numbers are used again, zombies keep theirs."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for a zombie
    except (OSError, ValueError):
        return None
    return pid if os.path.basename(command.split(b"\0")[0]) == name.encode() else None


def clear_stale(pid_file: Path, name: str) -> None:
    """Remove the pid file of a process that is gone."""
    if pid_file.exists() and living_pid(pid_file, name) is None:
        tell(f"Removing {pid_file}: a {name} that was killed left it behind.")
        pid_file.unlink(missing_ok=True)


def start() -> subprocess.Popen[bytes] | None:
    """Start the daemon and return at once, with its process where it is ours; it outlives this one."""
    if SYSTEMD.is_dir():
        tell("Starting the Docker Engine with systemctl.")
        done = subprocess.run(["systemctl", "start", "docker"], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Problem(f"{done.stderr.strip()}\nsystemctl start docker failed. Look at: journalctl -u docker -n 30")
        return None
    clear_stale(PID_FILE, "dockerd")
    clear_stale(CONTAINERD_PID_FILE, "containerd")
    if LOG.exists() and LOG.stat().st_size > LOG_LIMIT:
        LOG.replace(LOG.with_suffix(".log.1"))
    tell(f"Starting dockerd; its log is {LOG}.")
    with LOG.open("ab") as log:
        return subprocess.Popen(
            [program() or "dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=os.environ | {"PATH": debian.PATH},
            start_new_session=True,  # Ctrl-C and the end of the terminal are not meant for it
        )


def wait(answers: Callable[[], bool], seconds: float, process: subprocess.Popen[bytes] | None) -> None:
    """Wait until the Engine answers; raise Problem with the log's end if it does not, or as soon as the daemon has ended."""
    deadline = time.monotonic() + seconds
    while not answers():
        # Ours may have ended because another one was faster.
        ended = process is not None and process.poll() is not None and living_pid() is None
        if ended or time.monotonic() > deadline:
            raise Problem(f"{_log_end()}\n{'dockerd has ended' if ended else 'The Docker Engine does not answer'}. {_what_now()}")
        time.sleep(0.25)


def _log_end() -> str:
    """The last lines of the daemon's log, where we wrote it."""
    try:
        with LOG.open("rb") as log:
            log.seek(max(0, LOG.stat().st_size - 20_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-8:])
    except OSError:
        return ""


def _what_now() -> str:
    if SYSTEMD.is_dir():
        return "Look at: journalctl -u docker -n 30"
    pid = living_pid()
    if pid is None:
        return f"Its log's end is above ({LOG}). Mend what it names, then try again."
    return f"Look at {LOG}; if it stays so, end it (kill {pid}), then try again."
