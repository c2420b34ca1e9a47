"""Looks whether the address that Estivador is to listen on is free, and whether something answers there; finds a free one."""

import errno
import socket
import time

from app.config import Settings
from tools.common import Problem, tell


def wait_until_free(settings: Settings, seconds: float) -> None:
    """Return when the address can be listened on; raise Problem if it can't be within that time, or ever."""
    deadline = time.monotonic() + seconds
    waiting = False
    while (trouble := try_to_listen(settings)) is not None:
        if trouble.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise explained(settings, trouble)
        if not waiting:
            tell(f"The last run was killed: waiting until its web side lets go of port {settings.port}.")
            waiting = True
        time.sleep(0.2)


def try_to_listen(settings: Settings) -> OSError | None:
    """Listen for a moment, as gunicorn will, and return the error if that does not work."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return error
    return None


def explained(settings: Settings, error: OSError) -> Problem:
    """Say which variable to change, and why."""
    if error.errno == errno.EADDRINUSE:
        return Problem(
            f"Port {settings.port} on {settings.host} is in use by another program. "
            f"End that (ss -ltnp 'sport = :{settings.port}' shows it), or set ESTIVADOR_PORT to a free one."
        )
    if error.errno == errno.EACCES:
        return Problem(f"You may not listen on port {settings.port}. Set ESTIVADOR_PORT to one above 1023.")
    return Problem(f"ESTIVADOR_HOST is {settings.host!r}, and this machine can't listen there: {error.strerror or error}.")


def free() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(settings: Settings) -> bool:
    """Say whether anything accepts connections at the address."""
    try:
        with socket.create_connection((settings.reachable_host, settings.port), timeout=5):
            return True
    except OSError:
        return False
