"""The doorbell: how a job is asked for, and how a job function is made. A failed ring is logged and lost: the record stands."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from huey.api import TaskWrapper
from sqlalchemy.exc import OperationalError

from app.extensions import huey
from app.models import after_commit, is_busy

log = logging.getLogger(__name__)


def job(priority: int) -> Callable[[Callable[..., None]], TaskWrapper]:
    """Make a function a Huey job that runs inside the application. Its name is a wire format: keep it.

    One that finds the record busy for longer than the busy timeout gives up: what it was for is still to be done, so it is rung for again.
    """

    def decorate(function: Callable[..., None]) -> TaskWrapper:
        @functools.wraps(function)
        def inside(*args: Any) -> None:
            with huey.app.app_context():
                try:
                    function(*args)
                except OperationalError as error:
                    if not is_busy(error):
                        raise
                    log.warning("%s%s gave up, as the record was busy: it is rung for again", function.__name__, args)

        return huey.task(priority=priority)(inside)

    return decorate


def ring(wanted: TaskWrapper, *args: int) -> None:
    """Ask for a job once the open transaction is committed; the supervisor notices what waits if the message is lost."""

    def enqueue() -> None:
        try:
            wanted(*args)
        except Exception:  # whatever the queue's trouble is, what was accepted is in the record
            log.exception("could not ring for %s%s", wanted.func.__name__, args)

    after_commit(enqueue)
