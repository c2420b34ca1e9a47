"""What the tools share: the checkout's folder, the .env file, and the way a tool gives up (one sentence, exit 1)."""

import contextlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
UNQUOTED_COMMENT = re.compile(r"(?:^|\s+)#.*")


class Problem(Exception):
    """Something the user can mend; its text says what to do."""


def parse_dotenv(text: str) -> dict[str, str]:
    """Read lines of NAME=value, as a shell would read them, but without expanding anything.

    'single' and "double" quotes are taken off (backslash escapes the next character in double ones); outside of quotes
    a # after a space begins a comment. Raises Problem for any other line.
    """
    values = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        match = ASSIGNMENT.fullmatch(line)
        if match is None:
            raise Problem(f"Line {number} of .env is not of the form NAME=value. Correct it or put a # before it.")
        values[match[1]] = _value(match[2], number)
    return values


def _value(text: str, number: int) -> str:
    """Take the quotes or the comment off one value."""
    if text[:1] not in ("'", '"'):
        return UNQUOTED_COMMENT.sub("", text)
    pattern = r"'([^']*)'" if text[0] == "'" else r'"((?:[^"\\]|\\.)*)"'
    match = re.fullmatch(pattern + r"\s*(?:#.*)?", text)
    if match is None:
        raise Problem(f"Line {number} of .env has a quote that is not closed, or something after it. Correct it.")
    return match[1] if text[0] == "'" else re.sub(r"\\(.)", r"\1", match[1])


def load_dotenv(path: Path = ROOT / ".env") -> None:
    """Put the variables of the .env file into the environment, where one exists; what is set already stays as it is."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"Could not read {path}: {error}. Correct it or remove it.") from error
    for name, value in parse_dotenv(text).items():
        os.environ.setdefault(name, value)


def tell(line: str = "") -> None:
    """Print a line at once, also where the output is a pipe; a reader that has gone away is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def finish(main: Callable[[], int]) -> NoReturn:
    """Run a tool and end the process with its exit code: 1 and a sentence for a Problem, 130 for Ctrl-C."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # closed by who started us: the next file opened would be taken for our input or output
            os.open(os.devnull, os.O_RDWR)
    try:
        code = main()
    except Problem as problem:
        print(problem, file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
