"""Makes sure that a Docker Engine answers: asks it, starts it, or (Debian and its children, as root) installs it first.

    python -m tools.ensure_engine [--with-busybox | --with-tests]

With an Engine that answers this does nothing. What it is going to change it says before it does it. Where it can't or may
not, it says what to do and exits 1. How a daemon is started is in tools/dockerd.py, how packages come in tools/debian.py.
"""

import argparse
import fcntl
import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException, Timeout

from tools import debian, dockerd
from tools.busybox import BUSYBOX, is_static
from tools.common import Problem, finish, load_dotenv, tell

LOCAL = ("", "unix:///var/run/docker.sock", "unix:///run/docker.sock", "unix://var/run/docker.sock")
SOCKET = Path("/var/run/docker.sock")
LOCK = Path("/run/lock/estivador-engine.lock")
PATIENCE = 60.0
# What the tests use beside an Engine, and the Debian package it is in.
TEST_PROGRAMS = {
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "ip": "iproute2",
    "nginx": "nginx-light",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
OTHER_SYSTEM = """No Docker Engine answers on this machine, and this tool installs one only on Debian or Ubuntu, as root.
Install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install/) and start it, or set DOCKER_HOST to one that runs."""


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description="Makes sure that a Docker Engine answers.")
    parser.add_argument("--with-busybox", action="store_true", help="and the static busybox that the demo's image is made of")
    parser.add_argument("--with-tests", action="store_true", help="and everything else that the tests use")
    wanted = parser.parse_args()
    load_dotenv()
    ensure_engine()
    if wanted.with_tests:
        ensure_programs(TEST_PROGRAMS)
    if wanted.with_tests or wanted.with_busybox:
        ensure_busybox()
    return 0


def complaint() -> str:
    """Ask the Engine whether it answers; return nothing if it does, else what is wrong in its client's words."""
    try:
        client = docker.from_env(timeout=10, use_ssh_client=True)
        try:
            client.ping()
        finally:
            client.close()
    except Timeout:
        return "it does not answer within 10 seconds"
    except (DockerException, RequestException, OSError, ValueError) as error:
        return in_short(error)
    return ""


def in_short(error: Exception) -> str:
    """The system's words from the middle of what the client's libraries wrap around them, where there are any."""
    found = re.search(r"\[Errno \d+\] ([\w ]+)|Error\(\d+, '([\w ]+)'", str(error))
    if found:
        return (found[1] or found[2]).lower()
    return str(error).removeprefix("Error while fetching server API version: ") or type(error).__name__


def ensure_engine() -> None:
    """Return when an Engine answers; raise Problem where that can't be brought about."""
    wrong = complaint()
    if not wrong:
        return
    address = os.environ.get("DOCKER_HOST", "")
    if address not in LOCAL:
        raise Problem(
            f"No Docker Engine answers at {address} ({wrong}). Start it or correct DOCKER_HOST; without DOCKER_HOST the Engine of this machine is used."
        )
    if SOCKET.exists() and not os.access(SOCKET, os.R_OK | os.W_OK):
        user = pwd.getpwuid(os.getuid()).pw_name
        raise Problem(f"{user} may not use {SOCKET}. Run as root: usermod -aG docker {user} — then log in again.")
    if os.getuid() != 0:
        raise Problem(advice())
    with one_at_a_time():
        if complaint():  # not started by somebody else while we waited
            install_engine()
            bring_up()


def advice() -> str:
    """Say what the user can do who may neither install nor start anything."""
    if dockerd.program():
        return "The Docker Engine of this machine does not run. Start it as root: systemctl start docker (or: dockerd &)."
    if debian.is_debian():
        return (
            "No Docker Engine answers on this machine. Install one: "
            "sudo apt-get install docker.io iptables busybox-static — or run this command as root, which does it."
        )
    return OTHER_SYSTEM


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let no two of these install or start an Engine at once: the second waits and then finds it running."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install_engine() -> None:
    """Install dockerd and iptables where they are missing."""
    if dockerd.program() and debian.find("iptables"):
        return
    if not debian.is_debian():
        raise Problem(advice() if not dockerd.program() else "dockerd needs iptables, which is missing. Install it, then try again.")
    packages = [] if dockerd.program() else ["docker.io"]
    packages += [] if debian.find("iptables") else ["iptables"]
    packages += [] if is_static() else ["busybox-static"]
    debian.install(packages, "No Docker Engine answers on this machine")


def bring_up() -> None:
    """Start the Engine, unless its installation did, and wait until it answers."""
    pid = dockerd.living_pid()
    if pid is not None:
        tell(f"dockerd runs (process {pid}) but does not answer yet: waiting up to {PATIENCE:.0f} s.")
    dockerd.wait(lambda: not complaint(), PATIENCE, dockerd.start() if pid is None else None)


def ensure_programs(programs: dict[str, str]) -> None:
    """Install the packages of those programs that are missing."""
    missing = {name: package for name, package in programs.items() if not debian.find(name)}
    if not missing:
        return
    packages = sorted(set(missing.values()))
    if not debian.may_install():
        raise Problem(f"The tests need {', '.join(sorted(missing))}. Install them: on Debian and Ubuntu as root apt-get install {' '.join(packages)}.")
    debian.install(packages, f"The tests need {', '.join(sorted(missing))}")


def ensure_busybox() -> None:
    """Install a static busybox where there is none."""
    if is_static():
        return
    if not debian.may_install():
        raise Problem(
            f"Local images are made of a static busybox, and {BUSYBOX} is none. Install it: on Debian and Ubuntu as root apt-get install busybox-static."
        )
    debian.install(["busybox-static"], "Local images are made of a static busybox")


if __name__ == "__main__":
    finish(main)
