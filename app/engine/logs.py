"""The Engine's log of a container, as frames: which stream, when, and the bytes as they were written.

The Engine sends `[stream, 0, 0, 0, length]` before each payload; a payload begins with the time it was asked for.
Nothing here holds more than one frame in memory.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import docker

from app.engine.containers import checked
from app.engine.errors import Conflict, EngineRefused, NotFound, check, translated

STDOUT, STDERR, TROUBLE = 1, 2, 3
STREAMS = {"stdout": STDOUT, "stderr": STDERR}
HEADER = struct.Struct(">BxxxL")
CHUNK = 64 * 1024
LONGEST = 16 * 1024 * 1024
"""Bytes: far above what the Engine puts into one frame, of which none of its log drivers writes more than a megabyte."""


class Frame(NamedTuple):
    """One write to the log: stream (1 stdout, 2 stderr), RFC 3339 time in UTC, payload. A long line comes in several."""

    stream: int
    time: bytes
    payload: bytes


def frames(engine: docker.APIClient, container_id: str, tail: int | None = None, since: str | None = None) -> Iterator[Frame]:
    """Read a container's log from its beginning, or its last `tail` lines, or of these what came at `since` (epoch seconds with nine decimals) or later.

    Raises NotFound where the container is gone or on its way, EngineUnreachable where the stream breaks off, EngineRefused where the Engine
    can't read it, or not to its end.
    """
    try:
        yield from _frames(engine, container_id, tail, since)
    except Conflict as error:  # "container which is dead or marked for removal"
        raise NotFound(error.status, error.text) from error


def _frames(engine: docker.APIClient, container_id: str, tail: int | None, since: str | None) -> Iterator[Frame]:
    with translated():
        params: dict[str, str | int] = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": 0, "tail": "all" if tail is None else str(tail)}
        if since is not None:
            params["since"] = since
        url = f"{engine.base_url}/v{engine.api_version}/containers/{checked(container_id)}/logs"
        # The SDK's own logs() drops which stream a payload came from, so this asks through its session.
        response = engine.get(url, params=params, stream=True, timeout=engine.timeout)
        with response:
            check(response)
            yield from split(response.iter_content(CHUNK))


def split(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """Split the Engine's multiplexed bytes into frames, wherever the chunks happen to be cut.

    Raises EngineRefused with the Engine's words where it says in the middle of a log, its status being sent, that it can't read on.
    """
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        start = 0
        while len(buffer) - start >= HEADER.size:
            stream, length = HEADER.unpack_from(buffer, start)
            end = start + HEADER.size + length
            if stream not in (STDOUT, STDERR, TROUBLE) or length > LONGEST:
                raise EngineRefused(500, f"the log stream is not as the Engine writes it (stream {stream}, {length} bytes)")
            if len(buffer) < end:
                break
            if stream == TROUBLE:
                raise EngineRefused(500, buffer[start + HEADER.size : end].decode(errors="replace").strip())
            time, _, payload = bytes(buffer[start + HEADER.size : end]).partition(b" ")
            yield Frame(stream, time, payload)
            start = end
        del buffer[:start]
