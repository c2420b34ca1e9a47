"""What a running container uses, as the Engine's kernel counts it: memory and CPU time. How often to ask is the sampler's business."""

from dataclasses import dataclass
from typing import Any

import docker

from app.engine.containers import checked
from app.engine.errors import EngineRefused, check, translated


@dataclass(frozen=True)
class Usage:
    """Bytes of memory a container holds, or the most it ever held where the kernel says so (None: not counted); CPU seconds since its start."""

    memory: int | None
    cpu_seconds: float


def read(engine: docker.APIClient, container_id: str) -> Usage | None:
    """Ask once what a container uses; None where it does not run any more.

    The call may last a second though it costs little: Engines up to 20.10 at least answer with the next tick of a clock of their own.
    Raises EngineUnreachable where no answer comes in the client's time.
    """
    url = f"{engine.base_url}/v{engine.api_version}/containers/{checked(container_id)}/stats"
    try:
        with translated():
            # Without one-shot the Engine takes two samples a second apart; the SDK's own stats() can't ask for it everywhere.
            response = engine.get(url, params={"stream": "false", "one-shot": "true"}, timeout=engine.timeout)
            check(response)
            return _usage(response.json()) if response.content.strip() else None
    except EngineRefused:
        return None


def _usage(answer: dict[str, Any]) -> Usage | None:
    """Read the Engine's answer; of a container that is not running it is full of zeros."""
    cpu = answer.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0)
    return Usage(_memory(answer.get("memory_stats") or {}), cpu / 1e9) if cpu else None


def _memory(memory: dict[str, Any]) -> int | None:
    """Return the kernel's own maximum where it keeps one (cgroup v1), which misses no peak; else what is held now but for files it could drop."""
    if memory.get("max_usage"):
        return int(memory["max_usage"])
    if "usage" not in memory:
        return None
    counters = memory.get("stats") or {}
    droppable = counters.get("total_inactive_file", counters.get("inactive_file", 0))
    return int(memory["usage"]) - (droppable if droppable < memory["usage"] else 0)
