"""Sizes of memory as Docker writes them: a number, and a unit of 1024, such as 512m, 1.5g or 64MiB. Knows nothing of ours."""

import re
from decimal import Decimal

_UNITS = {"": 1, "b": 1} | {unit: 1024**power for power, letter in enumerate("kmgt", 1) for unit in (letter, f"{letter}b", f"{letter}ib")}


def in_bytes(size: str | int) -> int:
    """Return a size as bytes; raise ValueError for what is none."""
    match = re.fullmatch(r" *([0-9]{1,18}(?:\.[0-9]{1,18})?) *([A-Za-z]{0,3}) *", str(size))
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{size!r} is no size")
    return int(Decimal(match[1]) * _UNITS[match[2].lower()])


def short(number: int) -> str:
    """Return a number of bytes in the largest unit that leaves it whole: 512m, 1g, 1000b."""
    for power, letter in ((3, "g"), (2, "m"), (1, "k")):
        if number and number % 1024**power == 0:
            return f"{number // 1024**power}{letter}"
    return f"{number}b"
