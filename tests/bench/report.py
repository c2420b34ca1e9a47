"""Rows of the table: what was measured, the figure to reach, what came out, and whether that is reached."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("what", "figure", "measured", "")
WIDTHS = (44, 34, 62, 11)


@dataclass(frozen=True)
class Row:
    """One line of the table; `reached` is None where there is nothing to judge."""

    what: str
    figure: str
    measured: str
    reached: bool | None = None

    @property
    def verdict(self) -> str:
        """The last column."""
        return {True: "reached", False: "NOT reached", None: "-"}[self.reached]


def rank(values: Sequence[float], percent: int) -> float:
    """Return a percentile by nearest rank: one of the values."""
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the middle one of the values."""
    return rank(values, 50)


def spread(values: Sequence[float], unit: str = "ms", digits: int = 0) -> str:
    """Write how values are spread."""
    return f"median {rank(values, 50):.{digits}f}, p95 {rank(values, 95):.{digits}f}, max {max(values):.{digits}f} {unit}"


def table(rows: Iterable[Row]) -> str:
    """Return all rows below one head."""
    lines = [_line(HEAD), _line(tuple("-" * width for width in WIDTHS))]
    lines += [_line((row.what, row.figure, row.measured, row.verdict)) for row in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    """Lay cells side by side; what is too long for its column goes on below."""
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(map(len, wrapped))
    columns = [[*lines, *[""] * (height - len(lines))] for lines in wrapped]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(texts, WIDTHS, strict=True)).rstrip() for texts in zip(*columns, strict=True))
