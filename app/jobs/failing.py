"""What becomes of an attempt that failed: the end of its execution, or a next attempt by what the run asks for."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from app.engine import containers
from app.engine.errors import EngineError
from app.extensions import db
from app.jobs import context
from app.jobs.failpoints import reach
from app.models import Detail, Result, abandon, move, retry, write
from app.states import LONGEST_RETRY_DELAY, Failure, Reason, Wish

log = logging.getLogger(__name__)

RETRY_DELAY = 5.0
"""Seconds before the second attempt, where the run does not say; each further one waits twice as long."""

KINDS: dict[Reason, tuple[Failure, ...]] = {
    Reason.EXIT: (Failure.EXIT,),
    Reason.OOM: (Failure.OOM,),
    Reason.TIMEOUT: (Failure.TIMEOUT,),
    # By docker kill, by the program itself, or by an Engine that went down: nobody can tell.
    Reason.EXTERNAL_KILL: (Failure.EXIT, Failure.ENGINE),
    Reason.IMAGE_MISSING: (Failure.ENGINE,),
    Reason.ENGINE_ERROR: (Failure.ENGINE,),
    Reason.LOST: (Failure.ENGINE,),
}
"""Which words of `retry_on` each reason answers to. A command that does not exist will not exist the next time: only its exit code, given as a number, does."""


def fail(detail: Detail, reason: Reason, message: str, **values: Any) -> bool:
    """Record that the current attempt failed; where another is due, let the execution wait for it, and remove this one's container.

    Returns False where somebody else was first.
    """
    container_id, seen = detail.container_id, detail.standing
    with write() as session:
        result = session.get_one(Result, detail.result_id)
        delay = _delay(detail, result, reason, values.get("exit_code", detail.exit_code))
        if delay is None:
            return move(detail, "fail", seen=seen, reason=reason, message=message, **values)
        moved = retry(detail, time.time() + delay, seen=seen, reason=reason, message=message, **values)
    if moved:
        reach("retried")
    if moved and container_id is not None:
        clear(container_id)
    return moved


def _delay(detail: Detail, result: Result, reason: Reason, exit_code: int | None) -> float | None:
    """Return the seconds until the next attempt; None where there is none."""
    wanted = detail.attempt <= result.parameters.get("retries", 0) and _is_retried(result.parameters, reason, exit_code)
    if not wanted or detail.wish is not None or result.has_failed_enough:
        return None
    return delay_after(result.parameters, detail.attempt)


def delay_after(parameters: Mapping[str, Any], attempt: int) -> float:
    """Return the seconds between the end of a failed attempt and the next."""
    first = float(parameters.get("retry_delay", RETRY_DELAY))
    return min(first * 2.0 ** min(attempt - 1, 30), LONGEST_RETRY_DELAY)


def _is_retried(parameters: Mapping[str, Any], reason: Reason, exit_code: int | None) -> bool:
    named = parameters.get("retry_on", [*Failure])
    return any(kind in named for kind in KINDS.get(reason, ())) or (reason not in (Reason.OOM, Reason.TIMEOUT) and exit_code in named)


def cancel(detail: Detail) -> bool:
    """End an execution that has not started, as the user wished or as the failures of others want it.

    Where earlier attempts ran, the last of them says how it ended.
    """
    result = db.session.get_one(Result, detail.result_id)
    by_failures = detail.wish == Wish.CANCEL and result.has_failed_enough
    message = result.failed_enough if by_failures else "Cancelled before it started."
    if detail.attempt == 1:
        return move(detail, "cancel", reason=Reason.MAX_FAILURES if by_failures else Reason.CANCELLED, message=message)
    container_id = detail.container_id
    moved = abandon(detail, message)
    if moved and container_id is not None:
        clear(container_id)
    return moved


def clear(container_id: str) -> None:
    """Remove the container of an attempt that is over, if the Engine does it now; the supervisor's sweep does it otherwise."""
    try:
        containers.remove(context.engine_client(), container_id)
    except EngineError as error:
        log.info("container %s is removed later: %s", container_id[:12], error)
