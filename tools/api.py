"""A small client of the REST API, on the standard library alone. It raises Problem with the server's own sentence."""

import json
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from tools.common import Problem


class Refused(Problem):
    """The server answered, and the answer was no; `status` is its HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Api:
    """One server and one token. A proxy set in the environment is not asked: the server is on this machine."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, **query: Any) -> Any:
        """GET a path (without the first slash) and return the JSON it answers."""
        return json.loads(self.text(path, **query))

    def text(self, path: str, **query: Any) -> str:
        """GET a path and return its text."""
        return self._send(urllib.request.Request(self._url(path, query)))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST a JSON body and return the JSON of the answer."""
        headers = {"Content-Type": "application/json"}
        return json.loads(self._send(urllib.request.Request(self._url(path, {}), json.dumps(body).encode(), headers)))

    def _url(self, path: str, query: dict[str, Any]) -> str:
        return self.address + path + (f"?{urllib.parse.urlencode(query)}" if query else "")

    def _send(self, request: urllib.request.Request) -> str:
        request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with self.opener.open(request, timeout=30) as response:
                return str(response.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            sentence = f"{request.get_method()} {request.full_url} was answered with {error.code}: {_message(error)}"
            raise Refused(error.code, sentence) from error
        except (OSError, HTTPException) as error:
            raise Problem(f"{request.get_method()} {request.full_url} was not answered: {error}") from error


def _message(error: urllib.error.HTTPError) -> str:
    """The sentence in an error's JSON, else its reason."""
    try:
        answer = json.loads(error.read())
        return str(answer.get("message") or answer)
    except (OSError, HTTPException, ValueError, AttributeError):
        return error.reason
