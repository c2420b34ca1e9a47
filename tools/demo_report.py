"""What the demo prints: the progress line, the table, the sum, and where to look further."""

import math
import re
import sys
import time
from typing import Any

from app.config import ROOT, Settings
from tools.common import tell

OUTPUT = re.compile(r"pi=([0-9.]+) inside=([0-9]+) samples=([0-9]+)")
BAR = 30
ROW = "{:>5}  {:<9}  {:>4}  {:>8}  {}"


class ProgressLine:
    """One line that is rewritten on a terminal; elsewhere a new line now and then."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.began = time.monotonic()
        self.live = sys.stdout.isatty()
        self.last = 0.0

    def show(self, counts: dict[str, int]) -> None:
        """Show how far the run is; `counts` is status → number."""
        ended = self.times - counts.get("QUEUED", 0) - counts.get("RUNNING", 0)
        now = time.monotonic()
        if not self.live and ended < self.times and now - self.last < 3:
            return
        self.last = now
        filled = BAR * ended // self.times
        parts = ", ".join(f"{number} {status.lower()}" for status, number in counts.items() if number)
        text = f"  [{'#' * filled}{'.' * (BAR - filled)}] {ended}/{self.times}  {now - self.began:5.1f} s  {parts}"
        if self.live:
            sys.stdout.write(f"\r{text}\x1b[K")
            sys.stdout.flush()
        else:
            tell(text)

    def end(self) -> None:
        """Leave the line."""
        if self.live:
            tell()


def table(details: list[dict[str, Any]], outputs: list[str]) -> None:
    """Print one row for each execution."""
    tell()
    tell(ROW.format("index", "status", "exit", "seconds", "output"))
    for detail, output in zip(details, outputs, strict=True):
        code = "" if detail["exit_code"] is None else detail["exit_code"]
        tell(ROW.format(detail["index"], detail["status"], code, _seconds(detail["duration"]), " / ".join(output.splitlines())))


def _seconds(duration: float | None) -> str:
    return "" if duration is None else f"{duration:.2f}"


def sums(result: dict[str, Any], details: list[dict[str, Any]], outputs: list[str]) -> None:
    """Print what the executions add up to."""
    matches = [match for match in map(OUTPUT.search, outputs) if match]
    inside = sum(int(match[2]) for match in matches)
    samples = sum(int(match[3]) for match in matches)
    tell()
    if samples:
        estimate = 4 * inside / samples
        # Each sample is a coin that falls inside with probability pi/4.
        expected = 4 * math.sqrt(math.pi / 4 * (1 - math.pi / 4) / samples)
        tell(f"Together: pi = {estimate:.6f} from {samples:,} samples, off by {abs(estimate - math.pi):.6f} (expected: {expected:.6f}).")
    run = sum(detail["duration"] or 0 for detail in details)
    wall = result["duration"]
    if wall:
        tell(f"The containers ran {run:.1f} s in all, within {wall:.1f} s: {run / wall:.1f} at a time.")


def where_to_look(settings: Settings, result_id: int, ours: bool) -> None:
    """Print the address of the record, and how to ask for it."""
    token = settings.instance / "admin-token"
    if token.is_relative_to(ROOT):
        token = token.relative_to(ROOT)
    tell()
    if ours:
        tell(f"The record stays in {token.parent}. To look further, start Estivador again with make run, then:")
    else:
        tell(f"Look further at {settings.address}, for instance:")
    tell(f'  curl -H "Authorization: Bearer $(cat {token})" {settings.address}result/{result_id}/detail/')
