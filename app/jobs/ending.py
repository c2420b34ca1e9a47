"""From a running container to a finished record: stopping it where that is wished, then log, status, removal, in that order."""

import logging
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from app.engine import containers, logs
from app.engine.containers import ContainerState
from app.engine.errors import EngineRefused, EngineUnreachable, NotFound
from app.engine.logs import Frame
from app.extensions import db
from app.jobs import context
from app.jobs.failing import fail
from app.jobs.failpoints import reach
from app.jobs.lastline import last_words
from app.jobs.starting import LOG_FILE_FACTOR, look
from app.jobs.stopwatch import Stopwatch
from app.logstore import Stored
from app.models import Detail, Result, move, write
from app.states import Phase, Reason, StopCause, Wish

log = logging.getLogger(__name__)

_stopping_since = Stopwatch()

NOT_RUN = {127: Reason.COMMAND_NOT_FOUND, 126: Reason.COMMAND_NOT_EXECUTABLE}
"""Exit codes of Docker's init where it can't run the command. A shell leaves them too, so what the init said decides."""
SIGNALS = {137: "SIGKILL", 143: "SIGTERM"}
"""Exit codes that a signal leaves: 128 and its number."""


def watch(detail: Detail) -> bool:
    """STARTED: see whether it has ended; where a stop is due, take the next step of it. Waits for nothing."""
    state = look(detail)
    if state is None:
        return True
    if state.has_ended:
        moved = move(detail, "exit", exit_code=state.exit_code, oom_killed=state.oom_killed, end=state.end)
        _stopping_since.forget((detail.id, detail.attempt))
        reach("exited")
        return moved
    if detail.wish == Wish.KILL and detail.stop_cause is None:
        want_stop(detail.id, detail.attempt, StopCause.KILL)
        db.session.expire(detail)
    if detail.stop_cause is not None:
        return stop(detail, state)
    return False


def want_stop(detail_id: int, attempt: int, cause: StopCause) -> None:
    """Write down why the container of an attempt that runs is to be stopped, before anything is sent; the first cause stands."""
    with write() as session:
        which = (Detail.id == detail_id, Detail.attempt == attempt, Detail.phase == Phase.STARTED)
        unset = db.update(Detail).where(*which, Detail.stop_cause.is_(None))
        session.execute(unset.values(stop_cause=cause).execution_options(synchronize_session=False))


def stop(detail: Detail, state: ContainerState) -> bool:
    """Send SIGTERM once, and SIGKILL once the grace is over."""
    if detail.stop_reached is None:
        _note(detail, stop_sent_at=detail.stop_sent_at or time.time())
        _stopping_since.elapsed((detail.id, detail.attempt))
        _note(detail, stop_reached=containers.signal(context.engine_client(), state.id, "SIGTERM"))
        return detail.stop_reached is False
    if _stopping_since.elapsed((detail.id, detail.attempt)) < _grace(detail):
        return False
    if not containers.signal(context.engine_client(), state.id, "SIGKILL"):
        return True
    _note(detail, stop_reached=True)
    return False


def _grace(detail: Detail) -> float:
    """Return the seconds from SIGTERM to SIGKILL: the run's own, or the setting's."""
    own = db.session.get_one(Result, detail.result_id).parameters.get("stop_grace")
    return context.settings().stop_grace if own is None else float(own)


def _note(detail: Detail, **values: object) -> None:
    """Write what is no status: how far a stop has come."""
    with write() as session:
        session.execute(db.update(Detail).where(Detail.id == detail.id).values(**values).execution_options(synchronize_session=False))
        session.expire(detail)


def record(detail: Detail) -> bool:
    """EXITED: copy the log, then commit how it ended."""
    stored, is_whole = copy_log(detail)
    reach("log_copied")
    name, reason, message = outcome(detail)
    values: dict[str, Any] = {"log_truncated": stored is not None and _was_cut(stored), "logs_incomplete": not is_whole}
    values |= last_words(detail) if name != "complete" else {}
    moved = fail(detail, reason, message, **values) if name == "fail" else move(detail, name, reason=reason, message=message, **values)
    reach("recorded")
    return moved


def copy_log(detail: Detail) -> tuple[Stored | None, bool]:
    """Copy the container's log beside the record: return what is stored of it, None where it can't be had or kept, and whether that is all."""
    if detail.container_id is None:
        return None, False
    troubles: list[EngineRefused] = []
    try:
        stored = context.log_store().save(detail.log_key, _readable(logs.frames(context.engine_client(), detail.container_id), troubles))
    except EngineUnreachable:
        raise
    except (EngineRefused, OSError) as error:
        log.error("execution %s: its log could not be copied: %s", detail.id, error)
        return None, False
    for trouble in troubles:
        log.error("execution %s: its log could be copied in part only: %s", detail.id, trouble)
    return stored, not troubles


def _readable(frames: Iterable[Frame], troubles: list[EngineRefused]) -> Iterator[Frame]:
    """Yield what the Engine can read of a log, and keep why that is not all. Raises EngineRefused as it comes where that is nothing."""
    is_begun = False
    try:
        for frame in frames:
            is_begun = True
            yield frame
    except EngineRefused as error:
        if not is_begun:
            raise
        troubles.append(error)


def _was_cut(stored: Stored) -> bool:
    """Whether our cap cut the log, or it fills the Engine's own log file, which then has turned over and lost its beginning."""
    return stored.cut or stored.framed >= 0.99 * LOG_FILE_FACTOR * context.settings().log_cap


def outcome(detail: Detail) -> tuple[str, Reason, str]:
    """Say how an execution ended: the move to make, the reason code, and a sentence.

    Only a signal of ours that reached the running container makes it KILLED or timed out; otherwise its own end stands.
    """
    if detail.stop_cause is not None and _stop_reached(detail):
        return _stopped(detail)
    return _own_end(detail, detail.exit_code)


def _stopped(detail: Detail) -> tuple[str, Reason, str]:
    if detail.stop_cause == StopCause.KILL:
        return "kill", Reason.KILLED, "Stopped on request while it was running."
    timeout = db.session.get_one(Result, detail.result_id).parameters.get("timeout")
    return "fail", Reason.TIMEOUT, f"Stopped after {timeout:g} seconds, the timeout of this run."


def _own_end(detail: Detail, code: int | None) -> tuple[str, Reason, str]:
    if code == 0:
        return "complete", Reason.EXIT, "Ended with exit code 0."
    if detail.oom_killed:
        return "fail", Reason.OOM, f"Ran out of memory: the kernel ended it (exit code {code})."
    if code in NOT_RUN and (words := _init_complaint(detail)):
        return "fail", NOT_RUN[code], f"The command could not be run: {words}"
    if code in SIGNALS:
        return (
            "fail",
            Reason.EXTERNAL_KILL,
            f"Ended by {SIGNALS[code]}, which Estivador did not send (exit code {code}): docker kill, an Engine that was stopped, or the program itself.",
        )
    return "fail", Reason.EXIT, f"Ended with exit code {code}."


def _init_complaint(detail: Detail) -> str:
    """Return what Docker's init (tini) wrote where it could not run the command: the first line of the log; else nothing."""
    first = next(iter(context.log_store().load(detail.log_key) or ()), None)
    match = re.match(rb"\[FATAL +tini \([0-9]+\)\] (exec .* failed: .*)", first.payload) if first else None
    return match[1].decode(errors="replace")[:500] if match else ""


def _stop_reached(detail: Detail) -> bool:
    """Whether our signal reached it; where a crash kept the Engine's answer from us, its events and the exit code say."""
    if detail.stop_reached is not None or detail.stop_sent_at is None:
        return bool(detail.stop_reached)
    if detail.exit_code in SIGNALS or detail.container_id is None:
        return True
    try:
        return containers.was_signalled(context.engine_client(), detail.container_id, detail.start or 0)
    except NotFound:
        return False


def remove(detail: Detail) -> bool:
    """RECORDED: remove the container with its anonymous volumes. The record and the log are safe by now."""
    if detail.container_id is not None:
        try:
            containers.remove(context.engine_client(), detail.container_id)
        except EngineRefused as error:
            log.warning("execution %s: its container could not be removed yet: %s", detail.id, error.text)
            return False
    move(detail, "remove")
    reach("removed")
    return True
