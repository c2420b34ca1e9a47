"""What stands before the door: the names that it answers to, the server that may end TLS in front of it, and how often somebody may guess a token."""

import io
from ipaddress import ip_network
from typing import IO

from flask import Flask, Response, current_app, request
from limits import parse_many
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from app.addresses import address_of
from app.config import TLS
from app.errors import WrongHost
from app.extensions import limiter
from app.rates import count

GUESSES = parse_many("10/minute;50/hour")
"""How many tokens that are none may come from one address, by the API and the sign-in form together; each web process counts for itself."""
A_YEAR = 365 * 24 * 3600
"""Seconds."""


def guard(app: Flask) -> None:
    """Look at the host's name before anything else is done for a request."""
    app.before_request(_refuse_other_host)
    app.before_request(_limit_chunks)
    limiter.init_app(app)
    if app.extensions["settings"].in_front == TLS:
        # The last address and scheme of its headers are those that this server has seen itself; what it was told comes before them.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
        app.config["SESSION_COOKIE_SECURE"] = True
        app.after_request(_stay_with_tls)


class _Chunks:
    """A body of no stated length, read at the first look at it: werkzeug cuts it at the limit, where it ought to be refused.

    It takes what the server says of chunks that are none for a defect, too.
    """

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most = stream, most
        self._held: io.BytesIO | None = None

    def read(self, size: int = -1) -> bytes:
        """Read bytes; raise RequestEntityTooLarge for more than the limit, BadRequest for what can't be read."""
        if self._held is None:
            try:
                data = self._stream.read(self._most + 1)
            except Exception as error:
                raise BadRequest("The body ended before it was complete, or its chunks are none.") from error
            if len(data) > self._most:
                raise RequestEntityTooLarge
            self._held = io.BytesIO(data)
        return self._held.read(size)


def _limit_chunks() -> None:
    if request.content_length is None and request.max_content_length is not None:
        request.environ["wsgi.input"] = _Chunks(request.environ["wsgi.input"], request.max_content_length)


def count_guess() -> None:
    """Count a token that was none; raise TooMany, which tells nothing of this one, where too many have come from the same address.

    Who has a token is never kept out by others at their address (NAT): a token is looked up first, and only then is this asked. With 256 random
    bits in each, nobody gets in by that.
    """
    count(GUESSES, "guesses", asker(), "tokens that are none came from your address")


def asker() -> str:
    """Return the address that a request comes from, as limits count it: of IPv6 the /64, which is the least that somebody has to themselves.

    What is no address counts as one and the same.
    """
    text = address_of(request.remote_addr)
    return str(ip_network((text, 64), strict=False)) if text is not None and ":" in text else text or "nowhere"


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
