"""What every page loads stays small."""

from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "app" / "static"


def test_the_style_sheet_has_at_most_12_kibibytes() -> None:
    assert (STATIC / "app.css").stat().st_size <= 12 * 1024
