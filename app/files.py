"""Private files: keys and tokens in the instance folder, for their owner's eyes alone."""

import contextlib
import os
import secrets
from pathlib import Path

KEY_SIZE = 32
"""Bytes of a key."""


class BadKey(Exception):
    """A file that should hold a key and holds less than one; the text says what to do."""


def kept_key(path: Path) -> bytes:
    """Return the key in the file `path`: random bytes, made where there is no file yet, mode 0600. Raises BadKey where the file is damaged."""
    if not path.exists():
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_SIZE))
            file.flush()
            os.fsync(file.fileno())
        # Of processes that start together one is first, and no one ever reads half a key.
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    key = path.read_bytes()
    if len(key) < KEY_SIZE:
        raise BadKey(f"The file {path} holds no whole key: remove it, and start Estivador again, which makes a new one.")
    return key


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner could ever read (mode 0600), whole or not at all; on the disk when this returns."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
