"""Pulling as the Engine does it, line by line: to learn and to check what it says, without any of the app's code."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from docker import APIClient
from docker.auth import encode_header
from urllib3.exceptions import ReadTimeoutError


@dataclass
class Pull:
    """What one pull said."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0  # of the HTTP answer; 0 where there was none
    refused: str = ""  # the message where the Engine answered with an error instead of a stream
    silent: bool = False  # nothing came for `idle` seconds
    seconds: float = 0.0

    @property
    def error(self) -> str:
        """The error the Engine gave, in the stream or instead of it; empty where it gave none."""
        return self.refused or next((str(line["error"]) for line in self.lines if "error" in line), "")

    @property
    def statuses(self) -> list[str]:
        """Each different status, in order of first appearance."""
        return list(dict.fromkeys(str(line["status"]) for line in self.lines if "status" in line))


def pull(address: str, reference: str, *, idle: float = 60, auth: dict[str, str] | None = None) -> Pull:
    """Have the Engine at `address` pull `reference`, on a connection of its own; give up after `idle` seconds of silence.

    docker's own `pull()` waits for ever (it passes `timeout=None`), so this is the same request by hand: an APIClient is a
    requests session. Giving up closes the connection, and by that the Engine ends the pull.
    """
    result, began = Pull(), time.monotonic()
    client = APIClient(base_url=address, version="auto")
    try:
        _follow(client, reference, idle, auth, result)
    except (requests.exceptions.ReadTimeout, ReadTimeoutError):
        result.silent = True
    finally:
        client.close()
        result.seconds = time.monotonic() - began
    return result


def _follow(client: APIClient, reference: str, idle: float, auth: dict[str, str] | None, result: Pull) -> None:
    repository, _, tag = reference.rpartition(":") if "@" not in reference else (reference, "", "")
    headers = {"X-Registry-Auth": encode_header(auth).decode()} if auth else {}
    url = f"{client.base_url}/v{client.api_version}/images/create"
    with client.post(url, params={"fromImage": repository, "tag": tag}, headers=headers, stream=True, timeout=idle) as answer:
        result.status = answer.status_code
        if answer.status_code != 200:
            result.refused = answer.json()["message"]
            return
        rest = b""
        while chunk := answer.raw.read1():
            *whole, rest = (rest + chunk).split(b"\n")
            result.lines.extend(json.loads(line) for line in whole if line.strip())
