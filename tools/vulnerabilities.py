"""Asks whether a pinned package has a known vulnerability, of whichever service answers; `make lint` runs it.

A finding fails. That no service answers is no finding, and is said: then nothing was checked.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.common import ROOT, Problem, finish, tell

REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
"""Both by name: pip-audit does not follow the reference from one to the other."""
SERVICES: Mapping[str, tuple[str, ...]] = {"PyPI": ("-s", "pypi"), "OSV": ("-s", "osv")}
KNOWN_BAD = "jinja2==3.1.2"
"""A mirror may answer and yet know of no vulnerability at all: one that does not know of this one's is not asked further."""
SECONDS = 10


def main(requirements: Sequence[Path] = REQUIREMENTS, services: Mapping[str, tuple[str, ...]] = SERVICES) -> int:
    """Say what was found; raise Problem for a vulnerability."""
    for name, options in services.items():
        if not knows_something(options):
            continue
        found = audit(requirements, options)
        if found is not None:
            _report(name, found)
            return 0
    tell(f"NOT CHECKED for known vulnerabilities: {' and '.join(services)} can't be asked from here. Run `make lint` where the network has one of them.")
    return 0


def knows_something(options: Iterable[str]) -> bool:
    """Whether the service answers, and with what is known to be true."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(KNOWN_BAD + "\n")
        file.flush()
        found = audit([Path(file.name)], options)
    return any(package.get("vulns") for package in found or [])


def audit(requirements: Sequence[Path], options: Iterable[str]) -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each pinned package, None where the service does not answer."""
    # Every package is pinned, so nothing has to be resolved or downloaded.
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        *(f"--requirement={path}" for path in requirements),
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run([*command, "--timeout", str(SECONDS), *options], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return packages


def _report(service: str, packages: list[dict[str, Any]]) -> None:
    bad = [f"  {package['name']} {package['version']}: {_what(each)}" for package in packages for each in package.get("vulns", [])]
    if bad:
        raise Problem("\n".join([f"{service} knows of vulnerabilities in what is pinned; raise these in requirements.txt or requirements-dev.txt:", *bad]))
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    tell(f"{len(packages) - len(unknown)} pinned packages without a known vulnerability ({service}).")
    if unknown:
        tell(f"NOT CHECKED for known vulnerabilities, {service} does not know them: {', '.join(unknown)}")


def _what(vulnerability: dict[str, Any]) -> str:
    mended = " or ".join(vulnerability["fix_versions"]) or "no version yet"
    return f"{' '.join([vulnerability['id'], *vulnerability['aliases']])}, mended by {mended}"


if __name__ == "__main__":
    finish(main)
