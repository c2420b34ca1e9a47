"""A container that takes all it can get: its limits end it, the record says so, and nobody else is harmed."""

from typing import Any

from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.waiting import until

FORK_BOMB = "exec 2>/dev/null; bomb() { bomb | bomb & }; bomb; exec tail -f /dev/null"
"""Doubles until it is held. What it began with stays, so that nothing but a stop from outside ends the container."""
FORKS = "forked=0; trap 'echo $forked forked' EXIT; while true; do sleep 600 & forked=$((forked + 1)); done"
"""Forks until it can't, and says how often it could."""
HOG = "tail /dev/zero"
"""Holds all that it reads, to find the last line of what has none."""


def processes(client: DockerClient, container: str) -> tuple[int, int]:
    """How many a container has, and how many it may have, as the kernel counts."""
    counted = client.api.stats(container, stream=False)["pids_stats"]
    return counted.get("current", 0), counted.get("limit", 0)


def running_one(place: Estivador, result_id: int) -> Any:
    place.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 1)
    return place.details(result_id)[0]


def ended_one(place: Estivador, result_id: int) -> Any:
    place.until_ended(result_id)
    return place.details(result_id)[0]


def test_a_fork_bomb_and_a_memory_hog_meet_their_limits_and_harm_nobody_else(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    # Its 512 processes have room, so that it is the number of them that holds it, and nothing else.
    bomb = running.run(task_id, command=["sh", "-c", FORK_BOMB], memory="512m", cpus=0.5, stop_grace=0)
    container = running_one(running, bomb)["container_id"]
    until(lambda: processes(docker_client, container)[0] > 400, 60, "the bomb has gone off")
    assert processes(docker_client, container)[1] == 512
    # While it burns: who wants too much memory is ended, who wants to fork without end can't, and who wants little gets it.
    hog = ended_one(running, running.run(task_id, command=HOG, memory="32m", cpus=0.5))
    assert (hog["status"], hog["reason"], hog["oom_killed"], hog["exit_code"]) == ("ERROR", "oom", True, 137)
    assert "Ran out of memory" in hog["message"]
    forks = ended_one(running, running.run(task_id, command=["sh", "-c", FORKS], pids=64, memory="64m", cpus=0.5))
    assert (forks["status"], forks["reason"], forks["exit_code"]) == ("ERROR", "exit", 2)
    assert "can't fork" in running.log(forks)
    # The init, and the shell itself, are two of the 64.
    assert "62 forked" in running.log(forks)
    others = running.run(task_id, times=3, command="echo fine")
    assert running.until_ended(others)["counts"]["COMPLETE"] == 3
    assert [running.log(detail) for detail in running.details(others)] == ["fine\n"] * 3
    for path in ("/health/", "/ready/", "/task/", "/result/", f"/result/{bomb}/", f"/result/{bomb}/detail/", "/engine/"):
        assert running.request("GET", path).status_code == 200, path
    running.post(f"/result/{bomb}/", {"operation": "KILL"})
    ended = ended_one(running, bomb)
    assert (ended["status"], ended["reason"], ended["oom_killed"]) == ("KILLED", "killed", False)
    until(lambda: not running.containers(docker_client), 60, "no container is left")
