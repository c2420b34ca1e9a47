"""Domain errors: what went wrong in words a user can act on, with the HTTP status each stands for.

Services raise them; the API renders them as JSON and the pages as a page. None carries a traceback or a daemon's raw text.
"""


class EstivadorError(Exception):
    """A refusal with a sentence that says what to do."""

    http_status = 400
    wait: int | None = None
    """Seconds after which it may go well, where that is known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class WrongHost(EstivadorError):
    """The request's Host header names somebody else, or nobody."""


class NotThere(EstivadorError):
    """The object asked for does not exist."""

    http_status = 404


class NameTaken(EstivadorError):
    """Another task has this name."""

    http_status = 409


class TaskNotReady(EstivadorError):
    """The task's image is not in the Engine's store, so it can't run."""

    http_status = 409


class WrongState(EstivadorError):
    """The operation does not fit the state the object is in."""

    http_status = 409


class Unfit(EstivadorError):
    """What was asked for does not go together."""

    http_status = 422


class NotAuthenticated(EstivadorError):
    """No token, or one that is not known."""

    http_status = 401


class TooMany(EstivadorError):
    """Something was done too often; the next may come in `wait` seconds."""

    http_status = 429

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class KeyReused(EstivadorError):
    """An Idempotency-Key came again with a different request."""

    http_status = 422


class LogsRemoved(EstivadorError):
    """The log was there, and retention has removed it."""

    http_status = 410


class TooManyFollow(EstivadorError):
    """As many logs are followed as this process can follow."""

    http_status = 503


class EngineDown(EstivadorError):
    """The Docker Engine does not answer, or can't do what is needed, and this request can't be answered without it."""

    http_status = 503


class SecretsClosed(EstivadorError):
    """The keys that secrets are encrypted with are not there, or none of them decrypts this one."""

    http_status = 503


class CrossSite(EstivadorError):
    """Another site made the browser send this, or the form's CSRF token is missing or wrong."""

    http_status = 403


class Forbidden(EstivadorError):
    """Who asks is known, and their role does not include this."""

    http_status = 403
