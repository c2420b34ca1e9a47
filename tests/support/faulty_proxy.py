"""A proxy in front of a registry that misbehaves on demand: see `Fault`.

Push to the registry itself; pull by the proxy's address. Both hold the same repositories.

What Engine 20.10 makes of it (measured). Before the first layer it answers `POST /images/create` with an error status and
{"message": …}; once a layer has begun, the status is 200 and the last line of the stream is {"errorDetail", "error"}.

| fault | answer | message or `error` line |
| --- | --- | --- |
| UNAUTHORIZED | 500 | `Head "http://HOST/v2/NAME/manifests/TAG": no basic auth credentials` (the same from a real registry without login) |
| (real registry, wrong password) | 500 | `unauthorized: authentication required` |
| SERVER_ERROR | 500 | `received unexpected HTTP status: 500 Internal Server Error` |
| TOO_MANY | 500 | `toomanyrequests: You have reached your pull rate limit.` |
| LAYER_MISSING | 200, at once | `unknown blob` |
| LAYER_CORRUPT | 200, at once | `filesystem layer verification failed for digest sha256:…` |
| LAYER_ERROR | 200, after 75 s | `received unexpected HTTP status: 500 Internal Server Error`, with a line `Retrying in N seconds` every second before |
| LAYER_CUT | 200, after 75 s | `unexpected EOF`, with the same `Retrying in N seconds` lines before |
| LAYER_HANG | 200 | silence after a few `Downloading` lines, without end |
| HANG | none | silence, not even headers, without end |
| down() | 500 | `Get "http://HOST/v2/": dial tcp HOST: connect: connection refused` |
| (no such repository or tag) | 404 | `manifest for HOST/NAME:TAG not found: manifest unknown: manifest unknown` |
| (unknown host) | 500 | `Get "https://HOST/v2/": dial tcp: lookup HOST on …: no such host` |
| (bad reference) | 400 | `invalid reference format`, `invalid reference format: repository name must be lowercase`, `invalid tag format` |

A client that hangs up ends a pull that hangs; the next pull of the same image begins afresh.
"""

import enum
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHUNK = 64 * 1024
PASSED_ON = ("Authorization", "Accept", "User-Agent", "Range")
HELD_BACK = ("connection", "transfer-encoding", "keep-alive", "date", "server")


class Fault(enum.Enum):
    """What the proxy does wrong."""

    NONE = "forward everything"
    UNAUTHORIZED = "401 for all"
    SERVER_ERROR = "500 for all"
    TOO_MANY = "429 for all"
    LAYER_MISSING = "404 for layers"
    LAYER_ERROR = "500 for layers"
    LAYER_CORRUPT = "bytes of layers flipped"
    LAYER_CUT = "connection closed in the middle of a layer"
    LAYER_HANG = "silence in the middle of a layer"
    HANG = "silence before any answer"


class FaultyProxy:
    """The proxy. Set `fault` at any time; it counts for requests that arrive from then on.

    `heal()` also lets go of those that hang; `down()` closes the port (connection refused), `up()` opens the same one.
    """

    def __init__(self, registry_port: int) -> None:
        self.registry_port = registry_port
        self.fault = Fault.NONE
        self.layers: set[str] = set()
        self.requests: list[str] = []
        self.released = threading.Event()
        self.hanging = threading.Semaphore(0)
        self.port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.up()

    @property
    def address(self) -> str:
        """host:port, the first part of an image's name."""
        return f"127.0.0.1:{self.port}"

    def reference(self, pushed: str) -> str:
        """The registry's own reference turned into one that goes through the proxy."""
        return f"{self.address}/{pushed.partition('/')[2]}"

    def wait_hanging(self, timeout: float) -> None:
        """Return once a request hangs (that no earlier call has been told of)."""
        assert self.hanging.acquire(timeout=timeout), f"No request hung in the proxy within {timeout:g} s; it saw {self.requests}."

    def heal(self) -> None:
        """No fault from here on; requests that hang are cut off, so that their threads end."""
        self.fault = Fault.NONE
        self.released.set()
        self.released = threading.Event()

    def up(self) -> None:
        """Listen again, on the port it had before."""
        if self._server is None:
            self._server = _Server(("127.0.0.1", self.port), self)
            self.port = self._server.server_address[1]
            self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="faulty-proxy")
            self._thread.start()

    def down(self) -> None:
        """Close the port: connections are refused. Hanging requests are cut off."""
        self.released.set()
        self.released = threading.Event()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    close = down


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], proxy: FaultyProxy) -> None:
        self.proxy = proxy
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An Engine that hangs up in the middle is an everyday thing here: no traceback."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        proxy = self.server.proxy
        fault = proxy.fault
        proxy.requests.append(f"{self.command} {self.path}")
        if fault is Fault.HANG:
            self._hang()
        elif fault is Fault.UNAUTHORIZED:
            self._refuse(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": 'Basic realm="estivador-test"'})
        elif fault is Fault.SERVER_ERROR:
            self._refuse(500, "UNKNOWN", "the registry is out of order")
        elif fault is Fault.TOO_MANY:
            self._refuse(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
        elif self._is_layer() and fault is Fault.LAYER_MISSING:
            self._refuse(404, "BLOB_UNKNOWN", "blob unknown to registry")
        elif self._is_layer() and fault is Fault.LAYER_ERROR:
            self._refuse(500, "UNKNOWN", "the registry is out of order")
        else:
            self._forward(fault if self._is_layer() else Fault.NONE)

    do_HEAD = do_GET

    def _is_layer(self) -> bool:
        return self.path.rpartition("/")[2] in self.server.proxy.layers

    def _hang(self) -> None:
        released = self.server.proxy.released
        self.server.proxy.hanging.release()
        released.wait()
        self.close_connection = True

    def _refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _forward(self, fault: Fault) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.proxy.registry_port, timeout=30)
        try:
            upstream.request(self.command, self.path, headers=self._passed_on())
            answer = upstream.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HELD_BACK:
                    self.send_header(name, value)
            self.end_headers()
            self._pass_body(answer, fault)
        finally:
            upstream.close()

    def _passed_on(self) -> dict[str, str]:
        """The Engine sends one Accept line for each kind of manifest; without all of them the registry answers an old kind."""
        return {name: ", ".join(self.headers.get_all(name, [])) for name in PASSED_ON if name in self.headers}

    def _pass_body(self, answer: http.client.HTTPResponse, fault: Fault) -> None:
        size = int(answer.headers.get("Content-Length", 0))
        if "/manifests/" in self.path:
            body = answer.read()
            self._learn_layers(body)
            self.wfile.write(body)
            return
        passed = 0
        while chunk := answer.read(CHUNK):
            if passed + len(chunk) > size // 2:
                if fault is Fault.LAYER_HANG:
                    self._hang()
                    return
                if fault is Fault.LAYER_CUT:
                    self.close_connection = True
                    return
                if fault is Fault.LAYER_CORRUPT:
                    chunk = bytes(byte ^ 0xFF for byte in chunk)
            self.wfile.write(chunk)
            passed += len(chunk)

    def _learn_layers(self, body: bytes) -> None:
        """Remember which blobs are layers: the image's configuration is a blob too, and is left alone."""
        if body:
            manifest = json.loads(body)
            self.server.proxy.layers.update(layer["digest"] for layer in manifest.get("layers", []))

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: `requests` keeps what came."""
