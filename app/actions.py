"""The words of the audit: what is done, which way it comes in, and what came of it."""

from enum import StrEnum


class Action(StrEnum):
    """What changes something, as a noun and a verb; UNKNOWN is a request for what there is not."""

    TASK_REGISTER = "task.register"
    TASK_UPDATE = "task.update"
    TASK_IMPORT = "task.import"
    TASK_DELETE = "task.delete"
    RESULT_RUN = "result.run"
    RESULT_RERUN = "result.rerun"
    RESULT_CANCEL = "result.cancel"
    RESULT_KILL = "result.kill"
    RESULT_DELETE = "result.delete"
    EXECUTION_CANCEL = "execution.cancel"
    EXECUTION_KILL = "execution.kill"
    EXECUTION_RERUN = "execution.rerun"
    TOKEN_CREATE = "token.create"  # noqa: S105  (no password)
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    SESSION_OPEN = "session.open"
    SESSION_CLOSE = "session.close"
    RETENTION_TIDY = "retention.tidy"
    RETENTION_REMOVE = "retention.remove"
    KEY_ROTATE = "key.rotate"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What something is done to."""

    TASK = "task"
    RESULT = "result"
    EXECUTION = "execution"
    TOKEN = "token"  # noqa: S105
    SESSION = "session"
    RETENTION = "retention"
    KEY = "key"


class Via(StrEnum):
    """Which way it came in; `consumer` is Estivador itself, in whichever of its processes."""

    API = "api"
    PAGE = "page"
    CLI = "cli"
    CONSUMER = "consumer"


class Outcome(StrEnum):
    """What came of it; `refused` is for whoever asked to mend (4xx), `failed` is not (5xx)."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
