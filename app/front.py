"""What stands before the door: the names that it answers to, and the server that may end TLS in front of it."""

from flask import Flask, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from app.config import TLS
from app.errors import WrongHost

A_YEAR = 365 * 24 * 3600
"""Seconds."""


def guard(app: Flask) -> None:
    """Look at the host's name before anything else is done for a request."""
    app.before_request(_refuse_other_host)
    if app.extensions["settings"].in_front == TLS:
        # The last address and scheme of its headers are those that this server has seen itself; what it was told comes before them.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
        app.config["SESSION_COOKIE_SECURE"] = True
        app.after_request(_stay_with_tls)


def _refuse_other_host() -> None:
    """Raise WrongHost where the Host header names another: else a site whose name resolves to this machine (DNS rebinding) is ours to a browser.

    Flask's TRUSTED_HOSTS is not enough: it knows no IPv6 address, minds the case, and takes the server's own address where there is no header.
    """
    if _name(request.environ.get("HTTP_HOST", "")) not in current_app.extensions["settings"].names:
        raise WrongHost(
            "Estivador does not answer to the host name that this request has. Use the address that it prints when it starts; "
            "or add the name to the setting ESTIVADOR_HOSTS, and start it again."
        )


def _stay_with_tls(response: Response) -> Response:
    """Let a browser that came by TLS come by nothing else for a year."""
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    return response


def _name(host: str) -> str | None:
    """Return a Host header's name in lower case; None where it is malformed."""
    if not host_is_trusted(host):
        return None
    name = host.lower()
    return name[: name.index("]") + 1] if name.startswith("[") else name.partition(":")[0]
