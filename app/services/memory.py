"""Figures remembered: what has not changed is not worked out again."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import current_app

KEPT = 32
"""Things whose figures this process remembers, of each kind."""
SHARE = 20
"""What took long to work out is kept longer: at most one part in so many of the time goes into it."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


@dataclass(frozen=True)
class _Kept(Generic[Found]):
    """Something worked out for a `revision`, in `took` seconds, at `at` (monotonic seconds)."""

    revision: Hashable
    at: float
    took: float
    found: Found


class Memory(Generic[Key, Found]):
    """The latest of what `work_out` found for some keys, such as the ids of results."""

    def __init__(self, work_out: Callable[[Key], Found]) -> None:
        self._work_out = work_out
        self._lock = threading.Lock()

    def get(self, key: Key, revision: Hashable, may_be_old: bool = False) -> Found:
        """Return what was found for this revision, or one shortly before where that will do, or find it now."""
        # An application has its own: ids are those of its record.
        known: dict[Key, _Kept[Found]] = current_app.extensions.setdefault("memory", {}).setdefault(self, {})
        kept = known.get(key)
        if kept is not None and (kept.revision == revision or (may_be_old and time.monotonic() - kept.at < SHARE * kept.took)):
            return kept.found
        begun = time.monotonic()
        found = self._work_out(key)
        now = time.monotonic()
        with self._lock:
            known.pop(key, None)
            known[key] = _Kept(revision, now, now - begun, found)
            while len(known) > KEPT:
                del known[next(iter(known))]
        return found
