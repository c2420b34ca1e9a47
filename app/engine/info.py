"""What an Engine says of itself: its version, its machine, and the disk it uses."""

from dataclasses import dataclass
from typing import Any

import docker

from app.engine.errors import EngineError, translated


@dataclass(frozen=True)
class Disk:
    """Bytes that images, containers and volumes take on the Engine's disk."""

    images: int
    containers: int
    volumes: int


@dataclass(frozen=True)
class EngineInfo:
    """An Engine as it describes itself. `memory` is in bytes; `running` counts all containers, ours and others'."""

    version: str
    api_version: str
    operating_system: str
    cpus: int
    memory: int
    running: int


def read(engine: docker.APIClient) -> EngineInfo:
    """Ask the Engine what it is. Raises EngineUnreachable where it does not answer in the client's time."""
    with translated():
        info, version = engine.info(), engine.version()
    return EngineInfo(
        version=version["Version"],
        api_version=version["ApiVersion"],
        operating_system=info["OperatingSystem"],
        cpus=info["NCPU"],
        memory=info["MemTotal"],
        running=info["ContainersRunning"],
    )


def disk(engine: docker.APIClient) -> Disk | None:
    """Ask the Engine what disk it uses; None where it does not say so in the client's time (it counts files, and one count at a time)."""
    try:
        with translated():
            answer: dict[str, Any] = engine.df()
    except EngineError:
        return None
    return Disk(
        images=answer["LayersSize"] or 0,
        containers=sum(row.get("SizeRw") or 0 for row in answer["Containers"] or ()),
        volumes=sum(max((row.get("UsageData") or {}).get("Size", 0), 0) for row in answer["Volumes"] or ()),
    )
