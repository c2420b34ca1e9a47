"""Measuring how long something has been so, by a clock that nobody can set."""

import time
from collections.abc import Hashable, Set


class Stopwatch:
    """Seconds since each key was first asked about in this process."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}

    def elapsed(self, key: Hashable, already: float = 0.0) -> float:
        """Return the seconds since the first call for `key`, which took `already` seconds to have passed by then."""
        now = time.monotonic()
        return now - self._since.setdefault(key, now - max(already, 0.0))

    def forget(self, key: Hashable) -> None:
        """Start anew at the next call for `key`."""
        self._since.pop(key, None)

    def keep_only(self, keys: Set[Hashable]) -> None:
        """Forget all keys but these."""
        for key in self._since.keys() - keys:
            del self._since[key]
