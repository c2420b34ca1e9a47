"""A proxy in front of the Engine's socket: it writes down each request as it comes, passes it on, and answers itself where a test says so.

Whatever listens behind gets the bytes of the request line as they were sent: nothing is tidied up here.
"""

import http.client
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

HELD_BACK = ("connection", "transfer-encoding", "keep-alive", "content-length", "date", "server")
ENGINE = "/var/run/docker.sock"


@dataclass
class Answer:
    """What the proxy answers by itself to a request whose line matches `pattern`, so many `times`; `on_answer` is called just before."""

    pattern: str
    status: int
    body: bytes
    kind: str = "application/json"
    times: int = 1
    on_answer: Callable[[], object] = lambda: None


class EngineProxy:
    """The proxy. `lines` is what was asked for, as `METHOD target`; `answers` is what it does not pass on."""

    def __init__(self, engine: str = ENGINE) -> None:
        self.engine = engine
        self.lines: list[str] = []
        self.answers: list[Answer] = []
        # A short path: that of a Unix socket has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="est-"))
        self._server = _Server(str(self._folder / "engine.sock"), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="engine-proxy", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self._folder}/engine.sock"

    def answer(self, pattern: str, status: int, body: bytes, **more: Any) -> Answer:
        """Answer the next request whose line matches `pattern` with this instead of passing it on."""
        self.answers.append(Answer(pattern, status, body, **more))
        return self.answers[-1]

    def own(self, line: str) -> Answer | None:
        """Write a request down, and take the answer that there is for it."""
        self.lines.append(line)
        found = next((answer for answer in self.answers if answer.times > 0 and re.search(answer.pattern, line)), None)
        if found is not None:
            found.times -= 1
        return found

    def close(self) -> None:
        """Listen no more. Who still follows the Engine's events is let go with the process."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        shutil.rmtree(self._folder)


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: str, proxy: EngineProxy) -> None:
        self.proxy = proxy
        super().__init__(path, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up in the middle is an everyday thing here: no traceback."""


class _Upstream(http.client.HTTPConnection):
    """A connection to the Engine that sends a target as it is given."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def _validate_path(self, url: str) -> None:
        """Whatever came is passed on."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self._body()
        # As it came: what BaseHTTPRequestHandler calls the path, it has tidied up.
        method, target = self.raw_requestline.decode("latin-1").rstrip("\r\n").rpartition(" ")[0].split(" ", 1)
        own = self.server.proxy.own(f"{method} {target}")
        if own is not None:
            own.on_answer()
            self._send(own.status, [("Content-Type", own.kind)])
            self._chunk(own.body)
            self._end()
            return
        upstream = _Upstream(self.server.proxy.engine)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HELD_BACK}
            upstream.request(method, target, body=body, headers=headers)
            answer = upstream.getresponse()
            self._send(answer.status, [pair for pair in answer.getheaders() if pair[0].lower() not in HELD_BACK])
            while chunk := answer.read1(64 * 1024):
                self._chunk(chunk)
            self._end()
        finally:
            upstream.close()

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _pass

    def _body(self) -> bytes | None:
        size = self.headers.get("Content-Length")
        return self.rfile.read(int(size)) if size is not None else None

    def _send(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self._has_body(status):
            self.send_header("Transfer-Encoding", "chunked")
        self._chunked = self._has_body(status)
        self.end_headers()

    def _has_body(self, status: int) -> bool:
        return self.command != "HEAD" and status not in (204, 304)

    def _chunk(self, data: bytes) -> None:
        if self._chunked and data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _end(self) -> None:
        if self._chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: `lines` keeps what came."""
