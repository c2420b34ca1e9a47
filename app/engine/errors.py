"""What an Engine call can end in, whatever layer below raised it."""

from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests
import urllib3


class EngineError(Exception):
    """The base of all that an Engine call may raise."""


class EngineUnreachable(EngineError):
    """No answer, or none in time: what was asked for may or may not have happened."""


class EngineFull(EngineUnreachable):
    """There is no room on the Engine's disk: what was asked for may be asked for again when there is."""


class EngineRefused(EngineError):
    """The Engine answered, and the answer was no. `status` is the HTTP status, the text is the Engine's own."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class NotFound(EngineRefused):
    """The Engine has no such container or image."""


class Conflict(EngineRefused):
    """The container is not in a state that allows it, or its name is in use."""


def out_of_space(text: str) -> bool:
    """Whether the Engine's words say that its disk is full."""
    return "no space left on device" in text


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK and the layers under it raise into the errors of this module."""
    try:
        yield
    except docker.errors.APIError as error:
        status = error.status_code or 500
        kind = {404: NotFound, 409: Conflict}.get(status, EngineRefused)
        raise kind(status, str(error.explanation or error)) from error
    except (docker.errors.DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise EngineUnreachable(str(error)) from error


def check(response: requests.Response) -> None:
    """Raise the SDK's own error for an answer that is one; for the few calls that go past the SDK's methods."""
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        raise docker.errors.create_api_error_from_http_exception(error) from error
