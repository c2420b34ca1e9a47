"""Images: finding one in the Engine's store, and bringing one into it from a registry.

The SDK's images.pull() answers with the stale local image although a layer failed, so the low-level stream is read and its
`error` lines are believed.
"""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import docker
import docker.auth

from app.engine.errors import EngineError, EngineRefused, EngineUnreachable, NotFound, check, translated
from app.engine.references import Reference


class ImportReason(StrEnum):
    """Why an image could not be brought into the Engine's store."""

    BAD_REFERENCE = "bad_reference"
    IMAGE_NOT_FOUND = "image_not_found"
    NOT_IN_STORE = "not_in_store"
    CREDENTIALS_REFUSED = "credentials_refused"
    SECRETS_UNREADABLE = "secrets_unreadable"
    REGISTRY_NOT_ALLOWED = "registry_not_allowed"
    REGISTRY_UNREACHABLE = "registry_unreachable"
    REGISTRY_ERROR = "registry_error"
    LAYER_FAILED = "layer_failed"
    PULL_TIMEOUT = "pull_timeout"
    ENGINE_ERROR = "engine_error"


class PullFailed(Exception):
    """The Engine reported that the pull failed, or it took too long; `reason` is the code, the text the Engine's own."""

    def __init__(self, reason: ImportReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class Interrupted(Exception):
    """This process is about to end; the pull is to be done again by the next."""


@dataclass
class Progress:
    """How far a pull has come: bytes done and in all of each layer whose size is known, and the layers done."""

    layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def read(self, line: dict[str, Any]) -> None:
        """Take in one line of the Engine's stream."""
        layer, status = line.get("id"), line.get("status", "")
        if not layer or status.startswith("Pulling from"):
            return
        known = self.layers.setdefault(layer, (0, 0))
        detail = line.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self.layers[layer] = (int(detail["current"]), int(detail["total"]))
        elif status in ("Download complete", "Pull complete", "Already exists"):
            self.layers[layer] = (known[1], known[1])
        if status in ("Pull complete", "Already exists"):
            self.done.add(layer)

    def as_mapping(self) -> dict[str, int]:
        """Return layers and bytes, done and in all (of the layers whose size is known so far)."""
        sums = [sum(pair[place] for pair in self.layers.values()) for place in (0, 1)]
        return {"layers": len(self.layers), "layers_done": len(self.done), "bytes": sums[1], "bytes_done": sums[0]}


@dataclass(frozen=True)
class Login:
    """What a registry asks for."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Limits:
    """How long a pull may say nothing, and how long it may take in all (seconds); and what says that this process ends."""

    idle: float
    total: float
    stopping: threading.Event


Arrivals = queue.Queue[dict[str, Any] | EngineError | None]


def find(engine: docker.APIClient, reference: str) -> str | None:
    """Return the id (`sha256:…`) of the image in the Engine's store, or None where it is not there."""
    try:
        with translated():
            return str(engine.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]
    except NotFound:
        return None


def ids(engine: docker.APIClient) -> frozenset[str]:
    """Return the ids of all images in the Engine's store, of those without a reference too."""
    with translated():
        return frozenset(engine.images(all=True, quiet=True))


def local_references(engine: docker.APIClient) -> list[str]:
    """Return the references (`repository:tag`) of the images in the Engine's store, sorted; images without one are left out."""
    with translated():
        rows: list[dict[str, Any]] = engine.images()
    return sorted({tag for row in rows for tag in row.get("RepoTags") or () if "<none>" not in tag})


def names(engine: docker.APIClient, image_id: str) -> set[str] | None:
    """Return the references (`repository:tag`) that an image in the Engine's store has; None where it is not there."""
    try:
        with translated():
            answer: dict[str, Any] = engine.inspect_image(image_id)  # type: ignore[no-untyped-call]
    except NotFound:
        return None
    return {tag for tag in answer.get("RepoTags") or () if "<none>" not in tag}


def familiar(reference: Reference) -> str:
    """Return a reference as the Engine lists it among an image's: without Docker's own registry."""
    repository = reference.repository.removeprefix("index.").removeprefix("docker.io/").removeprefix("library/")
    return f"{repository}:{reference.version}"


def remove(engine: docker.APIClient, image_id: str) -> None:
    """Remove an image from the Engine's store, and the layers that nobody else needs; that it is gone is as good.

    Raises EngineRefused where a container uses it, or it has more names than one.
    """
    try:
        with translated():
            engine.remove_image(image_id)
    except NotFound:
        return


def pull(engine: docker.APIClient, reference: Reference, limits: Limits, report: Callable[[dict[str, int]], None], login: Login | None = None) -> str:
    """Pull an image and return the id it then has in the Engine's store; with `login`, or else with the one that Docker's own configuration has.

    Raises PullFailed with a reason code, EngineUnreachable where the Engine went away meanwhile, Interrupted where this process ends.
    """
    progress, finished = Progress(), False
    for line in _within(limits, _lines(engine, reference, limits.idle + 1, login)):
        if "error" in line:
            raise PullFailed(classify(line["error"]), line["error"])
        progress.read(line)
        report(progress.as_mapping())
        finished = finished or line.get("status", "").startswith(("Status: ", "Digest: "))
    if not finished:
        raise EngineUnreachable("the pull's stream ended without saying how")
    found = find(engine, str(reference))
    if found is None:
        raise PullFailed(ImportReason.ENGINE_ERROR, "the Engine says that it pulled the image, and does not have it")
    return found


def _lines(engine: docker.APIClient, reference: Reference, idle: float, login: Login | None) -> Iterator[dict[str, Any]]:
    """Read the pull's own lines; leaving the generator closes the connection, and with it the Engine gives the pull up."""
    with translated():
        header = _login_header(engine, reference, login)
        response = engine.post(
            f"{engine.base_url}/v{engine.api_version}/images/create",
            params={"fromImage": reference.repository, "tag": reference.version},
            headers={"X-Registry-Auth": header} if header else {},
            stream=True,
            timeout=(engine.timeout, idle),
        )
        with response:
            check(response)
            for line in response.iter_lines():
                yield json.loads(line)


def _login_header(engine: docker.APIClient, reference: Reference, login: Login | None) -> bytes | None:
    registry, _ = docker.auth.resolve_repository_name(reference.repository)
    if login is None:
        return docker.auth.get_config_header(engine, registry)
    # An Engine whose images are containerd's holds this against the host it asks, and knows Docker Hub by this address alone.
    address = docker.auth.INDEX_URL if registry == docker.auth.INDEX_NAME else registry
    return docker.auth.encode_header({"username": login.username, "password": login.password, "serveraddress": address})


def _within(limits: Limits, lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pass the lines on while they come in time. They are read in a thread of their own, so that a stop need not wait for the next."""
    arrived: Arrivals = queue.Queue()
    abandoned = threading.Event()
    threading.Thread(target=_read, args=(lines, arrived, abandoned), name="pull", daemon=True).start()
    begun = time.monotonic()
    try:
        while (line := _next(arrived, limits, begun)) is not None:
            yield line
    finally:
        abandoned.set()


def _next(arrived: Arrivals, limits: Limits, begun: float) -> dict[str, Any] | None:
    """Wait for the next line; None at the stream's end."""
    waiting_since = time.monotonic()
    while not limits.stopping.is_set():
        now = time.monotonic()
        if now - begun > limits.total:
            raise PullFailed(ImportReason.PULL_TIMEOUT, f"it took longer than {limits.total:g} seconds")
        if now - waiting_since > limits.idle:
            raise PullFailed(ImportReason.PULL_TIMEOUT, f"nothing came for {limits.idle:g} seconds")
        try:
            item = arrived.get(timeout=0.2)
        except queue.Empty:
            continue
        if isinstance(item, EngineRefused):
            raise PullFailed(classify(item.text), item.text)
        if isinstance(item, EngineError):
            raise item
        return item
    raise Interrupted


def _read(lines: Iterator[dict[str, Any]], arrived: Arrivals, abandoned: threading.Event) -> None:
    try:
        for line in lines:
            if abandoned.is_set():
                return
            arrived.put(line)
        arrived.put(None)
    except EngineError as error:
        arrived.put(error)


_SIGNS: dict[ImportReason, tuple[str, ...]] = {
    ImportReason.BAD_REFERENCE: ("invalid reference format", "invalid tag format", "invalid repository name"),
    ImportReason.CREDENTIALS_REFUSED: (
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "incorrect username or password",
    ),
    ImportReason.IMAGE_NOT_FOUND: (
        "manifest unknown",
        "manifest for",
        "repository does not exist",
        "name unknown",
        "pull access denied",
        "no matching manifest",
    ),
    ImportReason.REGISTRY_UNREACHABLE: (
        "connection refused",
        "connection reset",
        "no such host",
        "temporary failure in name resolution",
        "server misbehaving",
        "i/o timeout",
        "client.timeout",
        "tls handshake timeout",
        "request canceled",
        "no route to host",
        "network is unreachable",
        "http response to https client",
        "x509:",
    ),
    ImportReason.LAYER_FAILED: (
        "filesystem layer verification failed",
        "unknown blob",
        "blob unknown",
        "error pulling image configuration",
        "unexpected eof",
        "failed to register layer",
    ),
    ImportReason.REGISTRY_ERROR: ("received unexpected http status", "error parsing http", "internal server error", "toomanyrequests", "denied"),
}
"""What the Engine says in each case; the first that matches counts."""


def classify(text: str) -> ImportReason:
    """Tell from the Engine's words why a pull failed. Measured with Engine 20.10; what is not known is an `engine_error`."""
    lowered = text.lower()
    for reason, signs in _SIGNS.items():
        if any(sign in lowered for sign in signs):
            return reason
    return ImportReason.ENGINE_ERROR
