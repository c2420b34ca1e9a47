import subprocess
import sys
from pathlib import Path

from app.config import ROOT


def test_no_arrow_between_the_rooms_turns_back() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
