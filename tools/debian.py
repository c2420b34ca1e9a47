"""Installs Debian packages, and says so first. It knows nothing of what they are for."""

import os
import shutil
import subprocess
from pathlib import Path

from tools.common import Problem, tell

# dockerd, iptables and their like live where a user's PATH often does not look.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
APT = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]


def is_debian() -> bool:
    """Say whether this is Debian or one of its children, with apt-get."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    values = {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
    words = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".split()
    return "debian" in words and find("apt-get") is not None


def may_install() -> bool:
    """Say whether install() can work here."""
    return is_debian() and os.getuid() == 0


def find(program: str) -> str | None:
    """Find a program, also among those of the administrator."""
    return shutil.which(program, path=PATH)


def install(packages: list[str], reason: str) -> None:
    """Install packages with apt-get, after saying why and which; raise Problem with apt-get's last words if that fails."""
    tell(f"{reason}: installing {', '.join(packages)} with apt-get. This takes a minute or two.")
    _apt("update")
    _apt("install", "-y", "--no-install-recommends", *packages)


def _apt(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "PATH": PATH}
    done = subprocess.run(
        [*APT, *arguments],
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-15:])
        raise Problem(f"{last}\napt-get {' '.join(arguments)} failed; its last words are above. Mend that, then try again.")
