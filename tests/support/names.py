"""Names and numbers nobody else on this machine uses."""

import secrets
import socket


def unique_name(prefix: str) -> str:
    """`prefix` with eight random hex digits: fit for containers, images, labels and tasks."""
    return f"{prefix}-{secrets.token_hex(4)}"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
