"""Times answers at the socket: one connection that is kept alive, signed in as a browser is."""

import http.client
import re
import socket
import time
from dataclasses import dataclass
from typing import Any, Self

import requests

from tests.support.estivador import Estivador

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br, zstd"}
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """An answer and when it came: milliseconds from the sending of the request to its first byte and to its last."""

    first: float
    last: float
    status: int
    headers: Any
    body: bytes


class Wire:
    """One kept-alive connection to an Estivador; a page's answer is as a browser would get it, compressed."""

    def __init__(self, place: Estivador) -> None:
        self._cookie = _signed_in(place)
        self._connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """GET a page; the connection is opened (again) before the clock starts."""
        for _ in range(2):
            answer = self._get(path, {**BROWSER, "Cookie": self._cookie, **headers})
            if answer is not None:
                assert answer.status in (200, 204, 304), f"{path} answered {answer.status}"
                return answer
            self._connection.close()
        raise AssertionError(f"{path}: the server closes the connection.")

    def _get(self, path: str, headers: dict[str, str]) -> Answer | None:
        """Return the answer; None where the server had ended the connection meanwhile."""
        if self._connection.sock is None:
            self._connection.connect()
        begun = time.perf_counter()
        try:
            self._connection.request("GET", path, headers=headers)
            if not self._connection.sock.recv(1, socket.MSG_PEEK):
                return None
        except (BrokenPipeError, ConnectionResetError):
            return None
        first = time.perf_counter()
        response = self._connection.getresponse()
        body = response.read()
        return Answer((first - begun) * 1000, (time.perf_counter() - begun) * 1000, response.status, response.headers, body)


def _signed_in(place: Estivador) -> str:
    """Sign in by the form and return the cookie."""
    with requests.Session() as session:
        session.trust_env = False
        address = place.url("/ui/login/")
        field = FIELD.search(session.get(address, timeout=30).text)
        assert field, "the login page has no CSRF token"
        answer = session.post(address, data={"token": place.token, "csrf_token": field[1]}, allow_redirects=False, timeout=30)
        assert answer.status_code == 303, answer.text
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
