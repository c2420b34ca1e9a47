"""An independent record of what really happened to containers: the Engine's own events, seen without any of the app's code."""

import http.client
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.waiting import until

Key = tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """One event of a container. `attributes` holds its labels too, and `exitCode` where the action is `die`."""

    at: float  # epoch seconds by the Engine's clock
    action: str  # create, start, kill, die, destroy, oom …
    container_id: str
    name: str
    attributes: dict[str, str]

    @property
    def exit_code(self) -> int | None:
        """The exit code of a `die`."""
        code = self.attributes.get("exitCode")
        return None if code is None else int(code)


class Recorder:
    """Follows the events of all containers with `label` (`name=value`), from the construction to `stop()`.

    The Engine replays only its last 256 events, so one connection is held open all the time. If it breaks, `starts()`,
    `of()` and `check()` fail and say so: a record with a hole proves nothing. (Where the Engine itself is killed, take one
    recorder for each life of it and read `events`.)
    """

    def __init__(self, address: str, label: str) -> None:
        """`address` is `unix:///path` of the Engine."""
        self.address = address
        self.label = label
        self.events: list[Event] = []
        self.broken = ""
        self._stopping = False
        self._since = f"{time.time():.9f}"
        # From a moment before: the Engine sends its headers just before it subscribes us, and this closes that gap.
        self._connection, self._answer = self._open({"since": self._since})
        self._thread = threading.Thread(target=self._follow, name="event-recorder", daemon=True)
        self._thread.start()

    def starts(self, labels: tuple[str, ...] = ("estivador.detail", "estivador.attempt")) -> dict[Key, int]:
        """How often a container was started for each combination of the values of `labels`."""
        self.catch_up()
        counts: dict[Key, int] = defaultdict(int)
        for event in list(self.events):
            if event.action == "start":
                counts[tuple(event.attributes.get(label, "") for label in labels)] += 1
        return dict(counts)

    def of(self, container_id: str) -> list[Event]:
        """The events of one container, in order."""
        self.catch_up()
        return [event for event in list(self.events) if event.container_id == container_id]

    def wait_for(self, matches: Callable[[Event], bool], timeout: float, message: str) -> Event:
        """Wait until an event matches, and return it."""

        def found() -> Event | None:
            self.check()
            return next((event for event in list(self.events) if matches(event)), None)

        event = until(found, timeout, message)
        assert event is not None
        return event

    def catch_up(self, timeout: float = 60) -> None:
        """Return once everything that the Engine has published until now is in `events` (by asking it for its replay)."""
        if self._stopping:
            self.check()
            return
        connection, answer = self._open({"since": self._since, "until": f"{time.time():.9f}"})
        try:
            published = [_parse(line) for line in answer.read().splitlines() if line.strip()]
        finally:
            connection.close()

        def recorded() -> bool:
            self.check()
            return all(event in self.events for event in published[-1:])

        until(recorded, timeout, "the recorder has every event that the Engine replays")

    def check(self) -> None:
        """Fail if the stream broke."""
        assert not self.broken, f"The recorder's event stream broke after {len(self.events)} events ({self.broken}): the record has a hole."

    def stop(self) -> None:
        """Take in what has been published, then close the connection. The record can still be read."""
        if self._stopping:
            return
        try:
            if not self.broken:
                self.catch_up()
        finally:
            self._stopping = True
            assert self._connection.sock is not None
            self._connection.sock.shutdown(socket.SHUT_RDWR)
            self._thread.join(10)
            self._answer.close()
            self._connection.close()

    def _open(self, times: dict[str, str]) -> tuple["_UnixConnection", http.client.HTTPResponse]:
        filters = json.dumps({"type": ["container"], "label": [self.label]})
        connection = _UnixConnection(self.address.removeprefix("unix://"))
        connection.request("GET", "/events?" + urlencode({"filters": filters, **times}, quote_via=quote))
        answer = connection.getresponse()
        assert answer.status == 200, f"The Engine answered {answer.status} to GET /events: {answer.read()!r}"
        return connection, answer

    def _follow(self) -> None:
        """Read without doing anything else: the Engine drops events for a reader that keeps it waiting 100 ms."""
        try:
            while line := self._answer.readline():
                if line.strip():
                    self.events.append(_parse(line))
            reason = "the Engine closed it"
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = repr(error)
        if not self._stopping:
            self.broken = reason


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, without any time limit: silence is no fault here."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=None)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def _parse(line: bytes) -> Event:
    said: dict[str, Any] = json.loads(line)
    attributes: dict[str, str] = said["Actor"]["Attributes"]
    return Event(said["timeNano"] / 1e9, said["Action"], said["Actor"]["ID"], attributes.get("name", ""), attributes)
