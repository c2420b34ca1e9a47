"""Locks that tell whether somebody is at work on a thing now: held by a thread of a process, let go by the kernel when it dies.

They are no part of the record: the compare-and-set is. They keep two workers from doing the same work at once, and let a
consumer that comes up see at once what a dead one has left.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from app.jobs.context import settings


@contextmanager
def holding(name: str) -> Iterator[bool]:
    """Try to take the lock `name`, and yield whether it was free; it is let go at the end."""
    path = settings().instance / "locks" / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        # Somebody may have let it go, and removed the file, between our open and our lock: then this is not the lock.
        yield _is_same_file(descriptor, path)
    finally:
        if _is_same_file(descriptor, path):
            path.unlink()
        os.close(descriptor)


def _is_same_file(descriptor: int, path: os.PathLike[str]) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
