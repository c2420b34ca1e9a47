"""Figures as words a person reads: durations, sizes, counts. Nothing here knows of HTML."""

import signal
import unicodedata
from collections.abc import Mapping

from app.states import Status

DASH = "\u2013"
BY = "\u00d7"
AS_LONG = f"{BY} as long"
HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
"""Unicode categories of characters that do something to a page instead of standing in it."""
ORDER = (Status.COMPLETE, Status.ERROR, Status.KILLED, Status.CANCELLED, Status.RUNNING, Status.QUEUED)
"""In which statuses stand side by side: what has ended, then what is still to end."""


def duration(seconds: float | None) -> str:
    """Write a duration in at most two units: `40 ms`, `0.4 s`, `4 min 05 s`, `3 h 12 min`, `2 d 4 h`; a dash for None."""
    if seconds is None:
        return DASH
    seconds = max(0.0, seconds)
    if 0 < seconds < 0.0995:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    # Each is rounded to its smaller unit first, so that there is never a 60 in it.
    whole, minutes, hours = round(seconds), round(seconds / 60), round(seconds / 3600)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{hours // 24} d {hours % 24} h"


def size(number: float | None) -> str:
    """Write a number of bytes in binary units: `512 B`, `12.3 MiB`; a dash for None."""
    if number is None:
        return DASH
    if number < 1024:
        return f"{number:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        number /= 1024
        if number < 1023.95:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:,.1f} TiB"


def counted(counts: Mapping[Status, int]) -> str:
    """Write how many stand in each status, leaving out those with none: `9,000 complete, 12 error`."""
    return ", ".join(f"{counts[status]:,} {status.lower()}" for status in ORDER if counts.get(status)) or "none"


def number_of(number: int, word: str) -> str:
    """Write a number of things that take an s where they are several."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def executions(number: int) -> str:
    """Write a number of executions."""
    return number_of(number, "execution")


def number(value: int) -> str:
    """Write a whole number with its thousands apart."""
    return f"{value:,}"


def percent(part: float | None) -> str:
    """Write a part of a whole: `75 %`, `99.9 %`; 100 and 0 only where it is all or nothing; a dash for None."""
    if part is None:
        return DASH
    return f"{part:.0%}".replace("%", " %") if part in (0, 1) else f"{min(max(100 * part, 0.1), 99.9):.1f} %".replace(".0 ", " ")


def as_long(ratio: float | None) -> str:
    """Write how one time is to another, such as 1.3 times as long; a dash for None."""
    if ratio is None:
        return DASH
    if abs(ratio - 1) < 0.005:
        return "as long"
    if ratio < 0.005:
        return f"less than 0.01 {AS_LONG}"
    text = f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.1f}" if ratio >= 1.995 else f"{ratio:.2f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {AS_LONG}"


def control_free(text: str | None) -> str:
    """Return text in which control, bidirectional and other invisible characters stand as U+FFFD: they never reach a page as themselves."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in HIDDEN and letter not in "\n\t" else letter for letter in text or "")


def exit_meaning(code: int | None) -> str:
    """Say what an exit code means by the shells' and Docker's conventions; "" where it has no meaning of its own."""
    known = {None: "", 0: "success", 125: "the Engine could not run it", 126: "the command can't be executed", 127: "the command was not found"}
    if code in known:
        return known[code]
    try:
        return f"ended by {signal.Signals((code or 0) - 128).name}" if (code or 0) > 128 else ""
    except ValueError:
        return ""
