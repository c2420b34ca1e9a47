"""Connections to an Engine: one SDK client a thread, made when it is first needed, because making one asks the Engine."""

import os
import threading

import docker
from docker.tls import TLSConfig

from app.config import EngineAddress
from app.engine.errors import EngineUnreachable, translated

_local = threading.local()


def connect(address: EngineAddress, timeout: float) -> docker.APIClient:
    """Make a client for the Engine at `address`; each call of it ends after `timeout` seconds without an answer.

    Raises EngineUnreachable where no Engine answers there.
    """
    with translated():
        return docker.APIClient(
            base_url=_base_url(address),
            version="auto",
            timeout=timeout,  # type: ignore[arg-type]  # requests takes fractions of seconds
            tls=_tls(address),
        )


def client(address: EngineAddress, timeout: float) -> docker.APIClient:
    """Return this thread's client for `address`, connecting it first where there is none yet."""
    clients: dict[tuple[EngineAddress, float], docker.APIClient] = _local.__dict__.setdefault("clients", {})
    key = (address, timeout)
    if key not in clients:
        clients[key] = connect(address, timeout)
    return clients[key]


def answers(address: EngineAddress, timeout: float = 2.0) -> str | None:
    """Ask the Engine for a sign of life; return None, or why there was none."""
    try:
        with translated():
            client(address, timeout).ping()
    except EngineUnreachable as error:
        return str(error)
    return None


def _base_url(address: EngineAddress) -> str:
    return address.url.replace("tcp://", "https://") if address.tls_verify else address.url


def _tls(address: EngineAddress) -> TLSConfig | bool:
    """Docker's own rule: DOCKER_TLS_VERIFY turns it on, DOCKER_CERT_PATH (default ~/.docker) holds ca, cert and key."""
    if not address.tls_verify:
        return False
    folder = address.cert_path or os.path.join(os.path.expanduser("~"), ".docker")
    paths = [os.path.join(folder, name) for name in ("cert.pem", "key.pem", "ca.pem")]
    return TLSConfig(client_cert=(paths[0], paths[1]), ca_cert=paths[2], verify=True)
