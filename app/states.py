"""The state room: which statuses exist, which changes of them are legal, and how a result's status follows from its counts.

Nothing else in the project lists states. This module imports nothing of ours, touches no database, and knows no Engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TaskStatus(StrEnum):
    """Where a registered image stands."""

    SUBMITTED = "SUBMITTED"
    IMPORTING = "IMPORTING"
    READY = "READY"
    ERROR = "ERROR"


class Status(StrEnum):
    """The public status of a result or of one execution (a detail)."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    KILLED = "KILLED"


class Phase(StrEnum):
    """How far one execution has come, beside its public status. Each is committed before the next step is begun."""

    WAITING = "WAITING"
    CLAIMED = "CLAIMED"
    CREATED = "CREATED"
    START_SENT = "START_SENT"
    STARTED = "STARTED"
    EXITED = "EXITED"
    RECORDED = "RECORDED"
    REMOVED = "REMOVED"


class Wish(StrEnum):
    """What a user asked for and the execution has not answered yet."""

    CANCEL = "CANCEL"
    KILL = "KILL"


class StopCause(StrEnum):
    """Why Estivador sends a container its signals."""

    KILL = "KILL"
    TIMEOUT = "TIMEOUT"


class Reason(StrEnum):
    """Why an execution ended as it did; the container's doing (EXIT, OOM) and the Engine's are different words."""

    EXIT = "exit"
    OOM = "oom"
    TIMEOUT = "timeout"
    KILLED = "killed"
    CANCELLED = "cancelled"
    MAX_FAILURES = "max_failures"
    EXTERNAL_KILL = "external_kill"
    COMMAND_NOT_FOUND = "command_not_found"
    COMMAND_NOT_EXECUTABLE = "command_not_executable"
    IMAGE_MISSING = "image_missing"
    SECRETS_UNREADABLE = "secrets_unreadable"
    ENGINE_ERROR = "engine_error"
    LOST = "lost"


State = tuple[Status, Phase]

WAITING: State = (Status.QUEUED, Phase.WAITING)
CLAIMED: State = (Status.QUEUED, Phase.CLAIMED)
CREATED: State = (Status.QUEUED, Phase.CREATED)
START_SENT: State = (Status.QUEUED, Phase.START_SENT)
STARTED: State = (Status.RUNNING, Phase.STARTED)
EXITED: State = (Status.RUNNING, Phase.EXITED)

TERMINAL = frozenset({Status.COMPLETE, Status.ERROR, Status.CANCELLED, Status.KILLED})
LIVE = frozenset({Status.QUEUED, Status.RUNNING})
IN_FLIGHT = (Phase.CLAIMED, Phase.CREATED, Phase.START_SENT, Phase.STARTED, Phase.EXITED)
"""Phases that hold one of the Engine's slots."""


class Failure(StrEnum):
    """What an attempt can fail by, as a run names it in `retry_on`; exit codes stand there as numbers."""

    EXIT = "exit"
    OOM = "oom"
    TIMEOUT = "timeout"
    ENGINE = "engine"


LONGEST_RETRY_DELAY = 600.0
"""Seconds that an execution waits for its next attempt at most."""


@dataclass(frozen=True)
class Move:
    """One legal change: the states it may leave, and the status (None: unchanged) and phase it leads to."""

    leaves: frozenset[State]
    status: Status | None
    phase: Phase


MOVES: dict[str, Move] = {
    "claim": Move(frozenset({WAITING}), Status.QUEUED, Phase.CLAIMED),
    "release": Move(frozenset({CLAIMED}), Status.QUEUED, Phase.WAITING),
    "create": Move(frozenset({CLAIMED}), Status.QUEUED, Phase.CREATED),
    "send_start": Move(frozenset({CREATED}), Status.QUEUED, Phase.START_SENT),
    "start": Move(frozenset({START_SENT}), Status.RUNNING, Phase.STARTED),
    "exit": Move(frozenset({STARTED}), Status.RUNNING, Phase.EXITED),
    "complete": Move(frozenset({EXITED}), Status.COMPLETE, Phase.RECORDED),
    "kill": Move(frozenset({EXITED}), Status.KILLED, Phase.RECORDED),
    "fail": Move(frozenset({CLAIMED, CREATED, START_SENT, STARTED, EXITED}), Status.ERROR, Phase.RECORDED),
    "cancel": Move(frozenset({CLAIMED, CREATED, START_SENT}), Status.CANCELLED, Phase.RECORDED),
    "withdraw": Move(frozenset({WAITING}), Status.CANCELLED, Phase.REMOVED),
    # An attempt failed and another follows: the execution waits again, with no slot.
    "retry": Move(frozenset({CLAIMED, CREATED, START_SENT, STARTED, EXITED}), Status.QUEUED, Phase.WAITING),
    # The next attempt will not be made, waiting or on its way to its start: how the last one ended stands.
    "forgo": Move(frozenset({WAITING}), Status.ERROR, Phase.REMOVED),
    "abandon": Move(frozenset({CLAIMED, CREATED, START_SENT}), Status.ERROR, Phase.RECORDED),
    "remove": Move(frozenset({(status, Phase.RECORDED) for status in TERMINAL}), None, Phase.REMOVED),
}

TASK_MOVES: dict[str, tuple[frozenset[TaskStatus], TaskStatus]] = {
    "submit": (frozenset({TaskStatus.READY, TaskStatus.ERROR}), TaskStatus.SUBMITTED),
    "import": (frozenset({TaskStatus.SUBMITTED, TaskStatus.IMPORTING}), TaskStatus.IMPORTING),
    "ready": (frozenset({TaskStatus.IMPORTING}), TaskStatus.READY),
    "fail": (frozenset({TaskStatus.IMPORTING}), TaskStatus.ERROR),
}


class IllegalMove(Exception):
    """A change of state that no table here allows: a defect in the caller, never a user's mistake."""


def after(name: str, state: State) -> State:
    """Return the state that the move `name` leads to from `state`; raise IllegalMove where it may not leave it."""
    move = MOVES[name]
    if state not in move.leaves:
        raise IllegalMove(f"{name} may not leave {state[0]}/{state[1]}")
    return (move.status or state[0], move.phase)


def task_after(name: str, status: TaskStatus) -> TaskStatus:
    """Return the task status that the move `name` leads to; raise IllegalMove where it may not leave `status`."""
    leaves, target = TASK_MOVES[name]
    if status not in leaves:
        raise IllegalMove(f"{name} may not leave task status {status}")
    return target


def result_status(counts: Mapping[Status, int], started: bool) -> Status:
    """Return a result's status from the counts of its executions' statuses and whether any of them has started."""
    if any(counts.get(status, 0) for status in LIVE):
        return Status.RUNNING if started else Status.QUEUED
    for status in (Status.ERROR, Status.KILLED, Status.CANCELLED):
        if counts.get(status, 0):
            return status
    return Status.COMPLETE
