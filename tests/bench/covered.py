"""Figures that tests hold, not the bench: it says which."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Row
from tests.bench.stage import Stage

TESTS = Path(__file__).resolve().parents[1]
HELD = {
    "axe-core, every page": ("0 violations", "assert_accessible("),
    "the main job by keyboard alone": ("works", "keyboard.press("),
    "the main job with script off": ("works", "java_script_enabled=False"),
}
OWN = "test_accessibility.py"
"""Tests the checks themselves."""


def measure(stage: Stage) -> Iterator[Row]:
    """Name the files of tests that hold each."""
    for what, (figure, word) in HELD.items():
        files = [str(path.relative_to(TESTS.parent)) for path in sorted(TESTS.rglob("test_*.py")) if path.name != OWN and word in path.read_text()]
        yield Row(what, figure, f"held by make test: {', '.join(files) or 'no test so far'}")
