"""Run parameters from the request to the container, held against what the Engine says of it and what the program sees."""

import html
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tests.support.estivador import Estivador
from tests.support.images import temporary_image
from tests.support.names import unique_name
from tests.support.running import whole_estivador
from tests.support.waiting import until

MIB = 1024 * 1024
DEFAULTS = {"env": {"BELOW": "1", "GREETING": "no"}, "labels": {"below": "1", "team": "no"}, "pids": 5, "timeout": 5, "workdir": "/var"}
EVERYTHING: dict[str, Any] = {
    "entrypoint": ["sh", "-c"],
    "command": ['sleep 60; exit "$0"', "it's 7"],
    "env": {"GREETING": 'it\'s "quoted" $HOME', "EMPTY": ""},
    "matrix": {"SEED": [1, "2"], "SIZE": ["large"]},
    "workdir": "/tmp/a b",
    "user": "1000:100",
    "labels": {"team": "numbers & <letters>", "empty": ""},
    "memory": "64MiB",
    "cpus": 0.35,
    "pids": 77,
    "shm_size": "1m",
    "network": "none",
    "stop_grace": 2.5,
    "timeout": None,
}
FORBIDDEN: list[dict[str, Any]] = [
    {"privileged": True},
    {"Privileged": True},
    {"PRIVILEGED": "true"},
    {"host_config": {"privileged": True}},
    {"HostConfig": {"Privileged": True, "Binds": ["/:/host"]}},
    {"binds": ["/:/host"]},
    {"volumes": {"/": {"bind": "/host"}}},
    {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]},
    {"devices": ["/dev/mem"]},
    {"DeviceRequests": [{"Count": -1}]},
    {"cap_add": ["SYS_ADMIN"]},
    {"CapAdd": ["ALL"]},
    {"pid_mode": "host"},
    {"PidMode": "host"},
    {"ipc_mode": "host"},
    {"UTSMode": "host"},
    {"userns_mode": "host"},
    {"cgroupns": "host"},
    {"security_opt": ["seccomp=unconfined"]},
    {"sysctls": {"kernel.panic": "1"}},
    {"runtime": "other"},
    {"network_mode": "host"},
    {"network": "host"},
    {"network": "HOST"},
    {"network": "container:other"},
    {"network": {"mode": "host"}},
    {"profile": "privileged"},
    {"profile": {"cap_add": ["ALL"]}},
    {"memory": {"HostConfig": {"Privileged": True}}},
    {"user": "0:0 --privileged"},
    {"labels": {"estivador.detail": "1"}},
    {"labels": {"a": {"Binds": ["/:/host"]}}},
    {"env": {"A": {"privileged": True}}},
    {"matrix": {"A": [{"privileged": True}]}},
]
NEVER = ("Privileged", "CapAdd", "Binds", "Mounts", "Devices", "DeviceRequests", "DeviceCgroupRules", "PidMode", "UTSMode", "UsernsMode", "VolumesFrom", "Links",
         "Sysctls", "GroupAdd", "CgroupParent", "PublishAllPorts", "AutoRemove")  # fmt: skip
STRICT = """
grep -e CapEff -e NoNewPrivs /proc/self/status
echo interfaces $(ls /sys/class/net)
touch /written
echo kept > /tmp/file && cat /tmp/file
stat -c 'mode %a' /tmp
"""


def running_one(place: Estivador, client: DockerClient, result_id: int) -> tuple[Any, Any]:
    """Wait until the first execution of the result runs; return it, and what the Engine says of its container."""

    def first() -> Any:
        detail = place.details(result_id)[0]
        return detail if detail["status"] == "RUNNING" else None

    detail = until(first, 60, "the first execution runs")
    return detail, client.api.inspect_container(detail["container_id"])


@contextmanager
def run(place: Estivador, client: DockerClient, task_id: int, **body: Any) -> Iterator[Any]:
    """Run the task, yield what the Engine says of the first execution's container, and kill it."""
    result_id = place.run(task_id, **body)
    yield running_one(place, client, result_id)[1]
    place.post(f"/result/{result_id}/", {"operation": "KILL"})
    place.until_ended(result_id)


def to_its_end(place: Estivador, task_id: int, **body: Any) -> tuple[Any, str]:
    """Run the task once to its end; return the execution and what it printed."""
    result_id = place.run(task_id, **body)
    place.until_ended(result_id)
    detail = place.details(result_id)[0]
    return detail, place.log(detail)


def variables(container: Any) -> dict[str, str]:
    """The environment of an inspected container."""
    return dict(line.split("=", 1) for line in container["Config"]["Env"])


def labels(container: Any) -> dict[str, str]:
    """The labels of an inspected container, but for ours."""
    return {name: value for name, value in container["Config"]["Labels"].items() if not name.startswith("estivador.")}


def alike(container: Any) -> dict[str, Any]:
    """What two containers that do the same have in common: all but names, ids, logs, how they are attached and who removes them."""
    config = {key: container["Config"].get(key) for key in ("User", "WorkingDir", "Volumes")}
    host = {key: value or None for key, value in container["HostConfig"].items() if key not in ("LogConfig", "AutoRemove", "ConsoleSize", "ContainerIDFile")}
    ran = {"runs": [container["Path"], *container["Args"]], "image": container["Image"], "environment": variables(container), "labels": labels(container)}
    return {**ran, **config, **host, "grace": container["Config"].get("StopTimeout") or 10}


def by_hand(line: str, client: DockerClient, label: str) -> Any:
    """Run a `docker run` line in a shell, and return what the Engine says of its container, which is gone afterwards."""
    ours = {"label": label, "status": "running"}
    with subprocess.Popen(["sh", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        try:
            seen = until(lambda: process.poll() is not None or client.api.containers(filters=ours), 60, "the container runs")
            assert isinstance(seen, list), process.stderr and process.stderr.read()
            return client.api.inspect_container(seen[0]["Id"])
        finally:
            for row in client.api.containers(all=True, filters={"label": label}):
                client.api.remove_container(row["Id"], force=True)


def line_of(place: Estivador, detail: Any) -> str:
    """The `docker run` line on an execution's page."""
    page = place.page(f"/ui/result/{detail['result_id']}/detail/{detail['detail_id']}/")
    found = re.search(r'id="command-line">([^<]*)<', page)
    assert found is not None
    return html.unescape(found[1])


def test_each_parameter_reaches_the_container(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    with run(running, docker_client, running.register(busybox_image, parameters=DEFAULTS), **EVERYTHING) as container:
        config, host = container["Config"], container["HostConfig"]
        assert (config["Entrypoint"], config["Cmd"]) == (EVERYTHING["entrypoint"], EVERYTHING["command"])
        assert [container["Path"], *container["Args"]] == [*EVERYTHING["entrypoint"], *EVERYTHING["command"]]
        asked = {"GREETING": 'it\'s "quoted" $HOME', "EMPTY": "", "BELOW": "1", "SEED": "1", "SIZE": "large", "ESTIVADOR_INDEX": "0"}
        assert variables(container).items() >= asked.items()
        assert (config["WorkingDir"], config["User"], config["StopTimeout"]) == ("/tmp/a b", "1000:100", 3)
        assert labels(container) == {"team": "numbers & <letters>", "empty": "", "below": "1"}
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (64 * MIB, 64 * MIB, 350_000_000, 77)
        assert (host["ShmSize"], host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == (MIB, "none", False, None)
        assert (host["Init"], host["SecurityOpt"], host["LogConfig"]["Type"], host["RestartPolicy"]["Name"]) == (True, ["no-new-privileges"], "local", "no")


def test_a_rerun_changes_them_and_null_gives_the_engines_own(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), **{**EVERYTHING, "matrix": None})
    detail, _ = running_one(running, docker_client, result_id)
    nothing = dict.fromkeys(EVERYTHING)
    changes = {**nothing, "command": "sleep 60", "memory": 8 * MIB, "cpus": 1, "labels": {"a": "2"}, "user": "nobody"}
    again = running.post(f"/result/{result_id}/detail/{detail['detail_id']}/", {"operation": "RERUN", **changes})["result_id"]
    _, container = running_one(running, docker_client, again)
    config, host = container["Config"], container["HostConfig"]
    assert (config["Entrypoint"], config["Cmd"], config["User"], config["WorkingDir"], labels(container)) == (None, ["sleep", "60"], "nobody", "", {"a": "2"})
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"], host["ShmSize"], host["NetworkMode"]) == (8 * MIB, 10**9, 512, 64 * MIB, "bridge")
    assert "GREETING" not in variables(container)
    for each in (result_id, again):
        running.post(f"/result/{each}/", {"operation": "KILL"})
        running.until_ended(each)


def test_an_entrypoint_takes_the_place_of_the_images_own_and_of_its_command(running: Estivador, docker_client: DockerClient) -> None:
    with temporary_image(docker_client, changes=['ENTRYPOINT ["echo", "image"]', 'CMD ["command"]']) as tag:
        task_id = running.register(tag)
        said = [to_its_end(running, task_id, **body)[1] for body in ({}, {"command": "x 'y z'"}, {"entrypoint": "echo 'a b'"})]
    assert said == ["image command\n", "image x y z\n", "a b\n"]


def test_profile_strict_holds_inside_the_container(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    detail, said = to_its_end(running, task_id, command=["sh", "-c", STRICT], profile="strict")
    assert detail["exit_code"] == 0
    assert "CapEff:\t0000000000000000\n" in said and "NoNewPrivs:\t1\n" in said
    assert "interfaces lo\n" in said
    assert "touch: /written: Read-only file system\n" in said
    assert "kept\nmode 1777\n" in said
    with run(running, docker_client, task_id, command="sleep 60", profile="strict") as container:
        host = container["HostConfig"]
        assert (host["CapDrop"], host["ReadonlyRootfs"], host["Tmpfs"], host["NetworkMode"]) == (["ALL"], True, {"/tmp": "mode=1777"}, "none")
        assert {key: host.get(key) or None for key in NEVER} == dict.fromkeys(NEVER)


def test_too_much_memory_is_told_as_such(running: Estivador, busybox_image: str) -> None:
    hog = ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1; exit $?"]
    detail, said = to_its_end(running, running.register(busybox_image), command=hog, memory="16m")
    assert (detail["status"], detail["reason"], detail["oom_killed"]) == ("ERROR", "oom", True), said


def test_no_option_beyond_these_gets_through(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    task_id = running.register(busybox_image)
    for body in FORBIDDEN:
        for nested in (body, {"parameters": body}, {"env": {"A": "1"}, **body}):
            assert running.request("POST", f"/task/{task_id}/", json=nested).status_code == 422, nested
        assert running.request("PATCH", f"/task/{task_id}/", json={"parameters": body}).status_code == 422, body
        assert running.request("POST", "/task/", json={"repository": busybox_image, "name": "other", "parameters": body}).status_code == 422, body
    assert (running.get("/result/"), running.get(f"/task/{task_id}/")["parameters"], running.containers(docker_client)) == ([], {}, [])
    with run(running, docker_client, task_id, command="sleep 60") as container:
        assert {key: container["HostConfig"].get(key) or None for key in NEVER} == dict.fromkeys(NEVER)
        result_id = running.get("/result/")[0]["result_id"]
        for body in FORBIDDEN:
            assert running.request("POST", f"/result/{result_id}/", json={"operation": "RERUN", **body}).status_code == 422, body
    assert len(running.get("/result/")) == 1


@pytest.fixture
def network(docker_client: DockerClient) -> Iterator[str]:
    """The name of a network of this test's own."""
    name = unique_name("estivador-test")
    made = docker_client.api.create_network(name)
    yield name
    docker_client.api.remove_network(made["Id"])


def test_the_settings_give_what_a_request_does_not_and_refuse_what_is_too_much(
    tmp_path: Path, docker_client: DockerClient, busybox_image: str, network: str
) -> None:
    limits = {"MEMORY": "32m", "CPUS": "0.5", "MAX_MEMORY": "64m", "MAX_CPUS": "1", "NETWORKS": f"other, {network}", "STOP_GRACE": "4"}
    with whole_estivador(tmp_path / "instance", docker_client, **{f"ESTIVADOR_{name}": value for name, value in limits.items()}) as place:
        place.start_consumer()
        task_id = place.register(busybox_image)
        with run(place, docker_client, task_id, command="sleep 60", network=network) as container:
            host = container["HostConfig"]
            assert (host["Memory"], host["NanoCpus"], host["NetworkMode"], container["Config"]["StopTimeout"]) == (32 * MIB, 500_000_000, network, 4)
            assert list(container["NetworkSettings"]["Networks"]) == [network]
        gone, _ = to_its_end(place, task_id, network="other")
        assert (gone["status"], gone["reason"], "network other not found" in gone["message"]) == ("ERROR", "engine_error", True)
        for body, setting in (
            ({"memory": "65m"}, "MAX_MEMORY"),
            ({"shm_size": "1g"}, "MAX_MEMORY"),
            ({"cpus": 1.5}, "MAX_CPUS"),
            ({"network": "third"}, "NETWORKS"),
        ):
            for answer in (
                place.request("POST", f"/task/{task_id}/", json=body),
                place.request("PATCH", f"/task/{task_id}/", json={"parameters": body}),
                place.request("POST", "/result/1/", json={"operation": "RERUN", **body}),
            ):
                assert (answer.status_code, f"ESTIVADOR_{setting}" in answer.json()["message"]) == (422, True)


def test_an_instance_can_be_strict_alone(tmp_path: Path, docker_client: DockerClient, busybox_image: str) -> None:
    with whole_estivador(tmp_path / "instance", docker_client, ESTIVADOR_PROFILE="strict") as place:
        place.start_consumer()
        task_id = place.register(busybox_image)
        for body, says in (({"profile": "standard"}, "ESTIVADOR_PROFILE"), ({"network": "bridge"}, "Profile strict has no network")):
            answer = place.request("POST", f"/task/{task_id}/", json=body)
            assert (answer.status_code, says in answer.json()["message"]) == (422, True)
        with run(place, docker_client, task_id, command="sleep 60") as container:
            host = container["HostConfig"]
            assert (host["CapDrop"], host["ReadonlyRootfs"], host["NetworkMode"]) == (["ALL"], True, "none")


@pytest.mark.parametrize("body", [EVERYTHING, {"command": "sleep 60", "profile": "strict", "memory": 8 * MIB + 4096}], ids=["everything", "strict"])
def test_the_line_by_hand_makes_the_same_container(running: Estivador, docker_client: DockerClient, busybox_image: str, body: dict[str, Any]) -> None:
    mark = {"mark": unique_name("mark")}
    result_id = running.run(running.register(busybox_image), **body | {"labels": body.get("labels", {}) | mark})
    detail, ours = running_one(running, docker_client, result_id)
    line = line_of(running, detail)
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    running.until_ended(result_id)
    until(lambda: not running.containers(docker_client), 60, "our container is gone")
    assert alike(by_hand(line, docker_client, f"mark={mark['mark']}")) == alike(ours)
