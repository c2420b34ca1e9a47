"""Reading an execution's log: from the instance folder once it is stored, from the Engine while it runs."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from app.engine import logs
from app.engine.errors import EngineRefused, EngineUnreachable, NotFound
from app.engine.logs import STREAMS, Frame
from app.errors import EngineDown, LogsRemoved
from app.jobs import context
from app.logstore import GAP
from app.models import Detail

log = logging.getLogger(__name__)

LONGEST_LINE = 64
"""Frames (of at most 16 KiB) after which a line is handed on although it goes on: a line of 100 MB is not held in memory."""


class Logged(Protocol):
    """What has a log: an execution at its current attempt, or one of its attempts."""

    @property
    def result_id(self) -> int:
        """Its result."""

    @property
    def container_id(self) -> str | None:
        """Its container, where it has one."""

    @property
    def is_live(self) -> bool:
        """Whether its log may still grow."""

    @property
    def log_truncated(self) -> bool | None:
        """Whether its stored log is not whole: our cap cut it, or the Engine's own had thrown some of it away."""

    @property
    def logs_removed_at(self) -> float | None:
        """When retention removed the logs of its result (epoch seconds)."""

    @property
    def log_key(self) -> tuple[int, int, int]:
        """What names its stored log."""


@dataclass(frozen=True)
class View:
    """Which part of a log is wanted: its streams, its last `tail` lines, what comes after the first `after`, with times or without."""

    streams: frozenset[str] = frozenset(STREAMS)
    tail: int | None = None
    after: int = 0
    timestamps: bool = False


def file_name(detail: Detail, number: int) -> str:
    """Return what the log of attempt `number` of an execution is called once it is saved."""
    which = f"-attempt-{number}" if detail.attempt > 1 else ""
    return f"result-{detail.result_id}-execution-{detail.position}{which}.log"


def read(detail: Logged, view: View) -> Iterator[bytes]:
    """Yield the lines of an execution's log as bytes, exactly as they were written; nothing where there is none yet.

    Raises EngineDown where it still is with an Engine that does not answer, LogsRemoved where retention has removed it.
    """
    wanted = {STREAMS[name] for name in view.streams} | {GAP}
    lines = lines_of(frame for frame in frames_of(detail) if frame.stream in wanted)
    shown = (rendered(*line, view.timestamps) for number, line in enumerate(lines, start=1) if number > view.after)
    return iter(deque(shown, maxlen=view.tail)) if view.tail is not None else shown


def frames_of(detail: Logged) -> Iterable[Frame]:
    """Return an execution's frames from wherever they are.

    Raises EngineDown where that is an Engine that does not answer, LogsRemoved where retention has removed them.
    """
    refuse_removed(detail)
    stored = context.log_store().load(detail.log_key)
    if stored is not None:
        return stored
    if detail.container_id is None or not detail.is_live:
        return ()
    live = from_engine(detail.container_id)
    try:
        first = next(live, None)
    except NotFound:
        return context.log_store().load(detail.log_key) or ()
    return () if first is None else _chain(first, live)


def from_engine(container_id: str, tail: int | None = None, since: str | None = None) -> Iterator[Frame]:
    """Read the log of a container that still is with its Engine, as engine.logs.frames() does.

    Raises NotFound where it is not there any more, EngineDown where the Engine does not answer, or can't read it to its end.
    """
    try:
        yield from logs.frames(context.engine_client(), container_id, tail, since)
    except NotFound:
        raise
    except EngineUnreachable:
        raise EngineDown("The Docker Engine does not answer, and the log of this execution is still with it. Try again once it does.") from None
    except EngineRefused as error:
        log.warning("the Engine can't read the log of container %s: %s", container_id[:12], error.text)
        raise EngineDown(
            "The Docker Engine can't read the log of this execution, which is still with it: try again, or see what is stored of it once the execution "
            "has ended. Estivador's own log says what is the matter."
        ) from None


def refuse_removed(detail: Logged) -> None:
    """Raise LogsRemoved where retention has removed the logs of the execution's result."""
    removed_at = detail.logs_removed_at
    if removed_at is not None:
        day = datetime.fromtimestamp(removed_at, UTC).strftime("%Y-%m-%d")
        raise LogsRemoved(f"The logs of result {detail.result_id} were removed on {day}, as the retention of this instance says: GET /retention/ shows it.")


def _chain(first: Frame, rest: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest


def lines_of(frames: Iterable[Frame], unfinished: bool = True) -> Iterator[Frame]:
    """Put the pieces of long lines together by stream, so that the two streams never meet in one line.

    A line that goes on is left out at the end unless `unfinished`.
    """
    pieces: dict[int, list[Frame]] = {}
    for frame in frames:
        if frame.payload.endswith(b"\n") and not pieces.get(frame.stream):
            yield frame
            continue
        begun = pieces.setdefault(frame.stream, [])
        begun.append(frame)
        if frame.payload.endswith(b"\n") or frame.stream == GAP or len(begun) >= LONGEST_LINE:
            yield _joined(pieces.pop(frame.stream))
    for begun in pieces.values() if unfinished else ():
        yield _joined(begun)


def _joined(pieces: list[Frame]) -> Frame:
    first = pieces[0]
    return first if len(pieces) == 1 else Frame(first.stream, first.time, b"".join(piece.payload for piece in pieces))


def rendered(stream: int, moment: bytes, payload: bytes, timestamps: bool) -> bytes:
    """Return a line as it is handed out: what was cut is told in words."""
    if stream == GAP:
        payload = b"[estivador: the log was cut here: " + payload + b"]\n"
    return moment + b" " + payload if timestamps else payload
