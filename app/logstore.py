"""The stored logs: one file an attempt below the instance folder, written once, before its container is removed.

A file is a sequence of frames as the Engine sends them (stream, length, time, payload). Where the cap cut the middle out,
a frame of stream 0 stands there and its payload says how many bytes and lines are missing.
"""

import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.engine.logs import CHUNK, HEADER, Frame

GAP = 0
UNFINISHED = (".whole", ".short")
"""How the names of files end that are being written."""


@dataclass(frozen=True)
class Stored:
    """What became of a log: the payload bytes the container wrote, as far as the Engine still had them, and whether the cap cut."""

    bytes: int
    framed: int
    cut: bool


class LogStore:
    """The folder of logs of one instance, with the cap (payload bytes) that each file is held to."""

    def __init__(self, folder: Path, cap: int) -> None:
        self.folder = folder
        self.cap = cap

    def path(self, key: tuple[int, int, int]) -> Path:
        """Where the log of (result, detail, attempt) lies; a thousand details share a folder."""
        result, detail, attempt = key
        return self.folder / str(result) / str(detail // 1000) / f"{detail}-{attempt}.log"

    def save(self, key: tuple[int, int, int], frames: Iterable[Frame]) -> Stored:
        """Write a log whole or not at all: its first and last half cap where it is longer than the cap.

        Raises OSError where the disk is full; whatever `frames` raises passes through, and no file is left then.
        """
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Names that come again: what a killed consumer left half-written is overwritten, not left behind.
        whole, short = (path.with_suffix(ending) for ending in UNFINISHED)
        try:
            with whole.open("w+b") as file:
                size, framed = _write(file, frames)
                if cut := size > self.cap:
                    file.seek(0)
                    with short.open("wb") as shortened:
                        _write(shortened, _shortened(read_frames(file), size, self.cap))
            (short if cut else whole).replace(path)
        finally:
            whole.unlink(missing_ok=True)
            short.unlink(missing_ok=True)
        return Stored(size, framed, cut)

    def load(self, key: tuple[int, int, int]) -> Iterator[Frame] | None:
        """Read a stored log frame by frame; None where there is none."""
        try:
            file = self.path(key).open("rb")
        except FileNotFoundError:
            return None
        return _closing(file)

    def tail(self, key: tuple[int, int, int], size: int) -> list[Frame]:
        """Read the frames in the last `size` bytes of a stored log; [] where there is none."""
        try:
            with self.path(key).open("rb") as file:
                begin = max(0, os.fstat(file.fileno()).st_size - size)
                file.seek(begin)
                return _last_frames(file.read(size), whole=begin == 0)
        except FileNotFoundError:
            return []

    def size(self, result: int) -> int:
        """Return the bytes that the logs of a result take on the disk; half-written ones count."""
        return sum(file.stat().st_blocks * 512 for file in self._files(result))

    def remove_unfinished(self, result: int) -> None:
        """Delete what killed consumers left half-written of a result that nobody writes any more."""
        for file in self._files(result):
            if file.name.endswith(UNFINISHED):
                os.unlink(file.path)

    def folders(self) -> list[tuple[int, float]]:
        """List the results that have a folder here, each with when that was changed last (epoch seconds)."""
        if not self.folder.exists():
            return []
        with os.scandir(self.folder) as entries:
            return [(int(entry.name), entry.stat().st_mtime) for entry in entries if entry.name.isascii() and entry.name.isdigit()]

    def _files(self, result: int) -> Iterator[os.DirEntry[str]]:
        """Go through the files of a result; what goes meanwhile is left out."""
        with suppress(FileNotFoundError), os.scandir(self.folder / str(result)) as folders:
            for folder in folders:
                with suppress(FileNotFoundError), os.scandir(folder.path) as files:
                    yield from files

    def delete(self, result: int) -> None:
        """Delete all logs of a result; that there are none is as good. Raises OSError where they can't be deleted."""
        folder = self.folder / str(result)
        while folder.exists():
            # Somebody else may be at it too: what is gone already is met again as gone.
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)


def read_frames(file: BinaryIO) -> Iterator[Frame]:
    """Read frames as save() wrote them."""
    buffer = b""
    while chunk := file.read(CHUNK):
        buffer += chunk
        start, size = 0, len(buffer)
        while size - start >= HEADER.size:
            stream, length = HEADER.unpack_from(buffer, start)
            end = start + HEADER.size + length
            if size < end:
                break
            time, _, payload = buffer[start + HEADER.size : end].partition(b" ")
            yield Frame(stream, time, payload)
            start = end
        buffer = buffer[start:]


_BEGIN = re.compile(rb"[\x00-\x02]\x00\x00\x00(?s:.{4})[0-9]{4}-[0-9]{2}-[0-9]{2}T")


_MOST_TRIES = 100


def _last_frames(end: bytes, *, whole: bool) -> list[Frame]:
    """Return the frames that the end of a log holds whole: from the first place on that reads as one and leads to the last byte exactly."""
    places = (0,) if whole else (match.start() for match in islice(_BEGIN.finditer(end), _MOST_TRIES))
    for begin in places:
        found = list(read_frames(io.BytesIO(end[begin:])))
        if begin + sum(HEADER.size + len(time) + 1 + len(payload) for _, time, payload in found) == len(end):
            return found
    return []


def _closing(file: BinaryIO) -> Iterator[Frame]:
    with file:
        yield from read_frames(file)


def _write(file: BinaryIO, frames: Iterable[Frame]) -> tuple[int, int]:
    """Write frames; return the bytes of their payloads and of the whole as the Engine's own log file would count them."""
    size = framed = 0
    for stream, time, payload in frames:
        file.write(HEADER.pack(stream, len(time) + 1 + len(payload)) + time + b" " + payload)
        size += len(payload)
        framed += len(payload) + _ENTRY_OVERHEAD
    # On the disk before the container, the only other copy, is removed.
    file.flush()
    os.fsync(file.fileno())
    return size, framed


_ENTRY_OVERHEAD = 27
"""Bytes that the Engine's `local` log driver adds to an entry, at least: two lengths, the stream's name, the time."""


def _shortened(frames: Iterable[Frame], size: int, cap: int) -> Iterator[Frame]:
    """Keep the first and the last half of `cap`, and say between them what is missing."""
    head, tail = cap // 2, size - (cap - cap // 2)
    position = lines = 0
    for stream, time, payload in frames:
        end = position + len(payload)
        if position < head:
            yield Frame(stream, time, payload[: head - position])
        missing = payload[max(head - position, 0) : max(tail - position, 0)]
        lines += missing.count(b"\n")
        if position < tail <= end:
            yield Frame(GAP, time, json.dumps({"bytes": tail - head, "lines": lines}).encode())
        if end > tail:
            yield Frame(stream, time, payload[max(tail - position, 0) :])
        position = end
