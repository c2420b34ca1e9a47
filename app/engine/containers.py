"""Containers: from an execution's parameters to a container, and what the Engine says of it.

The HostConfig is built field by field; nothing a user sends is passed on as a mapping.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import docker
from docker.types import LogConfig

from app.engine.errors import Conflict, EngineUnreachable, NotFound, translated

INSTANCE, TASK, RESULT, DETAIL, ATTEMPT = (f"estivador.{word}" for word in ("instance", "task", "result", "detail", "attempt"))
PIDS_LIMIT = 512
STRICT_TMPFS = {"/tmp": "mode=1777"}  # noqa: S108  (a path in the container)
_NAME = re.compile(r"[0-9a-f]{64}|estivador-[0-9a-f]{8}-[0-9]+-[0-9]+")


@dataclass(frozen=True)
class Labels:
    """What tells our containers from all others, and which execution each belongs to."""

    instance: str
    task: int
    result: int
    detail: int
    attempt: int

    @property
    def container_name(self) -> str:
        """The container's name: the same for the same attempt, so that a second create of it is refused."""
        return f"estivador-{self.instance}-{self.detail}-{self.attempt}"

    def as_mapping(self) -> dict[str, str]:
        """Return them as Docker labels."""
        values = (self.instance, self.task, self.result, self.detail, self.attempt)
        return dict(zip((INSTANCE, TASK, RESULT, DETAIL, ATTEMPT), map(str, values), strict=True))


@dataclass(frozen=True)
class Limits:
    """What a container may use, in Docker's units: bytes, billionths of a processor, seconds. None: as the Engine has it, no limit or its default.

    `strict`: no capability, a root that can't be written, a `/tmp` in memory.
    """

    memory: int | None = None
    nano_cpus: int | None = None
    pids: int = PIDS_LIMIT
    shm_size: int | None = None
    network: str = "bridge"
    strict: bool = False
    stop_timeout: int = 10


@dataclass(frozen=True)
class ContainerSpec:
    """What one execution's container is made from. Of command, entrypoint, workdir and user None means the image's own; `log_size` is in bytes."""

    labels: Labels
    image_id: str
    command: list[str] | None
    entrypoint: list[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    own_labels: dict[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    log_size: int = 40 * 1024 * 1024


@dataclass(frozen=True)
class ContainerState:
    """What the Engine says of a container. Times are the Engine's own, epoch seconds; None until they happen."""

    id: str
    status: str
    exit_code: int
    oom_killed: bool
    error: str
    start: float | None
    end: float | None

    @property
    def has_ended(self) -> bool:
        """Whether its program ran and is over."""
        return self.status in ("exited", "dead")

    @property
    def start_failed(self) -> bool:
        """Whether the Engine tried to start it and could not: it stays `created`, with an error or an exit code."""
        return self.status == "created" and (self.error != "" or self.exit_code != 0)


@dataclass(frozen=True)
class Listed:
    """One of our containers as the Engine's list shows it."""

    id: str
    detail: int
    attempt: int
    status: str


def create(engine: docker.APIClient, spec: ContainerSpec) -> str:
    """Create a container and return its id; where the attempt's container is there already, return the id of that.

    Raises NotFound where the image is gone, EngineRefused where the Engine does not take the parameters.
    """
    name = spec.labels.container_name
    try:
        with translated():
            answer: dict[str, Any] = engine.create_container(
                image=spec.image_id,
                command=spec.command,
                entrypoint=spec.entrypoint,
                environment=spec.environment,
                working_dir=spec.workdir,
                user=spec.user,
                labels={**spec.own_labels, **spec.labels.as_mapping()},
                name=name,
                stop_timeout=spec.limits.stop_timeout,
                host_config=_host_config(engine, spec),
            )
            return str(answer["Id"])
    except Conflict:
        return _created_before(engine, name)


def _created_before(engine: docker.APIClient, name: str) -> str:
    try:
        return inspect(engine, name).id
    except NotFound:
        # The Engine reserves the name before the container is there: a create whose answer was lost is still under way.
        raise EngineUnreachable(f"the Engine is still creating {name}") from None


def _host_config(engine: docker.APIClient, spec: ContainerSpec) -> dict[str, Any]:
    limits = spec.limits
    config: dict[str, Any] = engine.create_host_config(
        init=True,
        network_mode=limits.network,
        mem_limit=limits.memory,
        memswap_limit=limits.memory,  # memory and swap together: none beyond, so that too much is too much
        nano_cpus=limits.nano_cpus,
        pids_limit=limits.pids,
        shm_size=limits.shm_size,
        security_opt=["no-new-privileges"],
        cap_drop=["ALL"] if limits.strict else None,
        read_only=limits.strict,
        tmpfs=STRICT_TMPFS if limits.strict else None,
        # `local` keeps every byte as it was written; json-file replaces what is not UTF-8.
        log_config=LogConfig(type="local", config={"max-size": str(spec.log_size), "max-file": "2", "compress": "false"}),
        restart_policy={"Name": "no"},
    )
    return config


def inspect(engine: docker.APIClient, container: str) -> ContainerState:
    """Ask the Engine how `container` (an id, or a name of ours) stands; raise NotFound where there is none."""
    with translated():
        answer = engine.inspect_container(checked(container))
    state = answer["State"]
    return ContainerState(
        id=answer["Id"],
        status=state["Status"],
        exit_code=state["ExitCode"],
        oom_killed=state["OOMKilled"],
        error=state["Error"],
        start=_epoch(state["StartedAt"]),
        end=_epoch(state["FinishedAt"]),
    )


def start(engine: docker.APIClient, container_id: str) -> None:
    """Start a container that never started. Only ever called once it is certain that it did not: Docker runs an exited one again."""
    with translated():
        engine.start(checked(container_id))


def signal(engine: docker.APIClient, container_id: str, name: str) -> bool:
    """Send a signal; True if the Engine says that a running container received it, False if it was not running any more."""
    try:
        with translated():
            engine.kill(checked(container_id), name)
    except (Conflict, NotFound):
        return False
    return True


def remove(engine: docker.APIClient, container_id: str) -> None:
    """Remove a container that does not run, with its anonymous volumes; that it is gone, or on its way, is as good."""
    try:
        with translated():
            engine.remove_container(checked(container_id), v=True)
    except NotFound:
        return
    except Conflict as error:
        if "already in progress" not in error.text:
            raise


def list_ours(engine: docker.APIClient, instance: str) -> list[Listed]:
    """List the containers that carry this instance's label, whatever their state."""
    with translated():
        rows = engine.containers(all=True, filters={"label": [f"{INSTANCE}={instance}"]})
    return [Listed(row["Id"], int(row["Labels"][DETAIL]), int(row["Labels"][ATTEMPT]), row["State"]) for row in rows]


def was_signalled(engine: docker.APIClient, container_id: str, since: float) -> bool:
    """Ask the Engine's events whether this container was sent a signal since `since` (epoch seconds).

    The Engine keeps its last 256 events only, so False means "not known" after a long time.
    """
    with translated():
        filters = {"container": [checked(container_id)], "event": ["kill"], "type": ["container"]}
        now = _epoch(engine.info()["SystemTime"])
        return any(True for _ in engine.events(since=int(since) - 1, until=int(now or 0) + 1, filters=filters, decode=True))


def checked(container: str) -> str:
    """The SDK puts ids into URLs as they are: let only ids and names of ours pass."""
    if not _NAME.fullmatch(container):
        raise ValueError(f"not a container id or a name of ours: {container!r}")
    return container


def _epoch(text: str) -> float | None:
    """Turn Docker's RFC 3339 time (nanoseconds; the year 1 for never) into epoch seconds."""
    if text.startswith("0001-"):
        return None
    seconds, _, rest = text.partition(".")
    fraction = re.match(r"[0-9]*", rest)
    digits = fraction[0] if fraction else ""
    zone = rest[len(digits) :] if rest else ""
    whole = datetime.fromisoformat((seconds + zone).replace("Z", "+00:00") if zone else seconds.replace("Z", "+00:00"))
    return whole.timestamp() + float(f"0.{digits or 0}")
