"""Requests as bytes, for what no client sends."""

import socket
from collections.abc import Iterable


def exchanged(port: int, pieces: bytes | Iterable[bytes], timeout: float = 20) -> bytes:
    """Send bytes as they are to a port of 127.0.0.1, and return all that comes until the other side hangs up.

    It may hang up before all is sent: what it had said then is returned.
    """
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                connection.sendall(piece)
            while chunk := connection.recv(65536):
                found += chunk
        except (BrokenPipeError, ConnectionResetError):
            while chunk := _rest(connection):
                found += chunk
    return found


def _rest(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def status_of(answer: bytes) -> int:
    """The status of an answer; 0 for none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0
