"""The last line of a log, as text that fits in a row; and the same without what differs from one execution to the next."""

import logging
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from app.engine.logs import STDERR, Frame
from app.jobs import context
from app.logstore import GAP
from app.models import Detail

log = logging.getLogger(__name__)

LONGEST = 255
"""Characters of a line that are kept."""
TAIL = 64 * 1024
"""Bytes at the end of a stored log in which the line is looked for."""
CLOSE = 0.5
"""Seconds between two lines of different streams within which their order is not to be relied on."""
MOST = 8 * 1024
"""Bytes of one line that are looked at, its last ones."""


def last_words(detail: Detail) -> dict[str, str | None]:
    """Return what the record keeps of how a failed attempt's stored log ends: its `last_line` and its `ending`; None where it has none."""
    try:
        line = last_line(context.log_store().tail(detail.log_key, TAIL))
    except (OSError, ValueError) as error:
        log.error("execution %s: the end of its log could not be read: %s", detail.id, error)
        line = None
    return {"last_line": line, "ending": None if line is None else alike(line)}


def last_line(frames: Iterable[Frame]) -> str | None:
    """Return the last line that shows something; None where there is none.

    The Engine reads the two streams apart, so which came first of what is close together nobody knows: then stderr has the last word.
    """
    lines: list[Frame] = []
    begun: dict[int, bytes] = {}
    for stream, time, payload in frames:
        if stream == GAP:
            begun.clear()
            continue
        # A long line comes in pieces, and the other stream's may stand between them.
        whole = begun.pop(stream, b"") + payload
        if not whole.endswith(b"\n"):
            begun[stream] = whole
        lines += (Frame(stream, time, line) for line in whole.splitlines())
    said = ((frame, text) for frame in reversed(lines) if (text := shown(frame.payload[-MOST:])))
    last = next(said, None)
    if last is None or last[0].stream == STDERR:
        return last and last[1]
    close = takewhile(lambda each: _seconds(last[0].time) - _seconds(each[0].time) < CLOSE, said)
    return next((text for frame, text in close if frame.stream == STDERR), last[1])


def _seconds(time: bytes) -> float:
    """Return an RFC 3339 time in UTC as epoch seconds."""
    return datetime.fromisoformat(f"{time[:19].decode('ascii', 'replace')}+00:00").timestamp() + float(b"0." + (time[20:].rstrip(b"Z") or b"0"))


# As the pages read them: sequences that speak to a terminal, one that is cut off as far as it goes.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?+"
    r"|(?:\x1b[\]PX^_k]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\x18\x1a]*+(?:\x07|\x1b\\|[\x9c\x18\x1a])?+"
    r"|\x1b[ -/]*+[0-~]?+"
)


def shown(line: bytes) -> str:
    """Return what a line shows, in at most 255 characters: no escape sequences, nothing invisible, of what was overwritten the last text."""
    text = _SEQUENCE.sub("", line.decode("utf-8", "replace").replace("\t", " "))
    parts = (_plain(part) for part in reversed(re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", text)))
    found = next((part for part in parts if part), "")
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"


def _plain(text: str) -> str:
    return " ".join("".join(letter for letter in text if unicodedata.category(letter)[0] != "C").split())


_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_CHANGES = [
    (re.compile(pattern), sign)
    for pattern, sign in (
        # Temporary paths, as far as a path goes.
        (r"(?:(?<=[^\w.])|^)/(?:tmp|var/tmp|dev/shm)/[^\s'\"`,;:()\[\]{}<>]+", "/…"),
        # UUIDs.
        (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "#"),
        # Times: of RFC 3339, of mails, of syslog.
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z\b|UTC\b|[+-]\d\d:?\d\d\b))?", "#"),
        (rf"\b(?:{_DAY},? )?(?:\d\d? {_MONTH}|{_MONTH} \d\d?)\b(?:,? \d{{4}}\b)?(?: \d\d:\d\d(?::\d\d)?)?(?: (?:GMT|UTC|\d{{4}}|[+-]\d{{4}})\b)?", "#"),
        # Addresses and ids in hex: of 8 digits and more, with a digit of ten among them so that no word is one.
        (r"\b0[xX][0-9a-fA-F]+\b", "#"),
        (r"(?<![0-9a-zA-Z])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![0-9a-zA-Z])", "#"),
        # Numbers, and what is put together from numbers.
        (r"[+-]?\d+(?:[eE][+-]?\d+)?", "#"),
        (r"#(?:[.,:/_+-]?#)+", "#"),
    )
]


def alike(line: str) -> str:
    """Return a line with what differs between executions taken out: numbers, ids and times stand as `#`, temporary paths as `/…`."""
    for pattern, sign in _CHANGES:
        line = pattern.sub(sign, line)
    return line[:LONGEST]


__all__ = ["alike", "last_line", "last_words", "shown"]
