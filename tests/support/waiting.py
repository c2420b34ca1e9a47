"""Waiting for a condition, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.25


def until(condition: Callable[[], T], timeout: float, message: str) -> T:
    """Call `condition` until it returns something true, and return that.

    `timeout` is in seconds; `message` says what was awaited ("the container has ended"). Fails with that and the value
    last seen, so let the condition return something that tells (a status, a list) rather than a bare False. An exception
    in the condition is not swallowed.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise AssertionError(f"Waited {timeout:g} s until {message}; last seen: {seen!r}.")
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def until_equal(read: Callable[[], T], wanted: T, timeout: float, message: str) -> None:
    """Call `read` until it returns `wanted`; on failure the sentence shows what it returned last."""
    last: list[T] = []

    def reached() -> bool:
        last[:] = [read()]
        return last[0] == wanted

    try:
        until(reached, timeout, message)
    except AssertionError as late:
        raise AssertionError(f"Waited {timeout:g} s until {message}; wanted {wanted!r}, last seen: {last[0]!r}.") from late
