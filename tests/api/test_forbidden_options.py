"""What a container is never given, whoever asks: refused by name in each place of the API, however it is written, and not set where a form has it."""

from typing import Any

import pytest
from docker import DockerClient
from flask import Flask
from flask.testing import FlaskClient

from app.schemas.requests import PARAMETERS
from tests.support.estivador import Estivador
from tests.support.stepping import details_of, submitted

OPTIONS: dict[str, Any] = {
    "privileged": True,
    "devices": ["/dev/mem"],
    "device_requests": [{"Count": -1, "Capabilities": [["gpu"]]}],
    "device_cgroup_rules": ["a *:* rwm"],
    "network_mode": "host",
    "networking_config": {"EndpointsConfig": {}},
    "pid_mode": "host",
    "ipc_mode": "host",
    "uts_mode": "host",
    "userns_mode": "host",
    "cgroup": "host",
    "cgroupns": "host",
    "cgroupns_mode": "host",
    "cgroup_parent": "/",
    "binds": ["/:/host"],
    "volumes": {"/var/run/docker.sock": {"bind": "/var/run/docker.sock", "mode": "rw"}},
    "mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}],
    "volumes_from": ["other"],
    "volume_driver": "local",
    "tmpfs": {"/proc": ""},
    "cap_add": ["ALL"],
    "cap_drop": [],
    "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
    "masked_paths": [],
    "readonly_paths": [],
    "readonly_rootfs": False,
    "read_only": False,
    "sysctls": {"kernel.panic": "1"},
    "runtime": "other",
    "isolation": "process",
    "group_add": ["docker"],
    "extra_hosts": ["registry:127.0.0.1"],
    "dns": ["127.0.0.1"],
    "links": ["other:other"],
    "ports": {"22/tcp": 22},
    "port_bindings": {"22/tcp": [{"HostPort": "22"}]},
    "publish_all_ports": True,
    "ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 1}],
    "oom_kill_disable": True,
    "oom_score_adj": -1000,
    "pids_limit": -1,
    "mem_limit": 0,
    "memory_swap": -1,
    "mem_swappiness": 100,
    "kernel_memory": 1,
    "cpuset_cpus": "0",
    "nano_cpus": 0,
    "blkio_weight": 10,
    "storage_opt": {"size": "1g"},
    "log_config": {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:514"}},
    "restart_policy": {"Name": "always"},
    "auto_remove": True,
    "init": False,
    "container_id_file": "/id",
    "hostname": "host",
    "domainname": "host",
    "mac_address": "02:00:00:00:00:01",
    "image": "other",
    "image_id": "sha256:" + "2" * 64,
    "container_name": "other",
    "stop_signal": "SIGKILL",
    "tty": True,
    "stdin_open": True,
    "healthcheck": {"Test": ["CMD", "true"]},
    "host_config": {"Privileged": True, "Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
}
"""The options of Docker and of its SDK that no request has, each with what would do harm."""


def written(name: str) -> set[str]:
    """A name in snake, camel and capital letters, as Docker's API, its SDK and a file of Compose write it."""
    first, *others = name.split("_")
    capital = "".join(word.capitalize() for word in (first, *others))
    return {name, name.upper(), name.replace("_", "-"), first + capital[len(first) :], capital}


FORBIDDEN = {each: value for name, value in OPTIONS.items() for each in written(name)}
TASK, RESULT = "/task/{task}/", "/result/{result}/"
DETAIL = RESULT + "detail/{detail}/"
PLACES: dict[str, tuple[str, str, Any]] = {
    "register": ("POST", "/task/", lambda options: {"repository": "a", **options}),
    "the defaults of a new task": ("POST", "/task/", lambda options: {"repository": "a", "parameters": options}),
    "change a task": ("PATCH", TASK, lambda options: options),
    "change a task's defaults": ("PATCH", TASK, lambda options: {"parameters": options}),
    "run": ("POST", TASK, lambda options: options),
    "import": ("POST", TASK, lambda options: {"operation": "IMPORT", **options}),
    "run again": ("POST", RESULT, lambda options: {"operation": "RERUN", **options}),
    "run those that failed again": ("POST", RESULT, lambda options: {"operation": "RERUN", "only": ["ERROR"], **options}),
    "run one again": ("POST", DETAIL, lambda options: {"operation": "RERUN", **options}),
    "cancel": ("POST", RESULT, lambda options: {"operation": "CANCEL", **options}),
    "cancel one": ("POST", DETAIL, lambda options: {"operation": "CANCEL", **options}),
}
"""Where somebody could ask for one: the method, the path, and how a body is made of options."""


@pytest.fixture
def where(app: Flask) -> dict[str, int]:
    """The ids of a task, of a result of it, and of an execution of that."""
    result = submitted(app, 1)
    with app.app_context():
        (detail,) = details_of(result)
        return {"task": detail.task_id, "result": result, "detail": detail.id}


def errors_of(body: Any) -> dict[str, Any]:
    """What is wrong with each field, those of a task's defaults among them."""
    found = dict(body["errors"]["json"])
    return {**found.pop("parameters", {}), **found} if isinstance(found.get("parameters", {}), dict) else found


def count(client: FlaskClient) -> tuple[int, int]:
    return len(client.get("/task/").get_json()), len(client.get("/result/").get_json())


@pytest.mark.parametrize("place", PLACES)
def test_each_is_refused_by_its_name_in_each_place(client: FlaskClient, where: dict[str, int], place: str) -> None:
    method, path, body = PLACES[place]
    before, address = count(client), path.format(**where)
    answer = client.open(address, method=method, json=body(FORBIDDEN))
    assert answer.status_code == 422
    errors = errors_of(answer.get_json())
    assert {name for name in FORBIDDEN if errors.get(name) == ["Unknown field."]} == FORBIDDEN.keys()
    # One by itself is enough, and so is one that lies deeper.
    for options in ({"privileged": True}, {"Privileged": True}, {"HostConfig": {"Binds": ["/:/host"]}}, {"parameters": {"parameters": FORBIDDEN}}):
        assert client.open(address, method=method, json=body(options)).status_code == 422, options
    assert count(client) == before


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_none_lies_in_a_parameter_that_there_is(client: FlaskClient, where: dict[str, int], name: str) -> None:
    before = count(client)
    deep: list[Any] = [
        {"privileged": True},
        {"HostConfig": {"Privileged": True}},
        [{"Privileged": True}],
        {"A": {"Binds": ["/:/host"]}},
        {"A": [{"CapAdd": []}]},
    ]
    for place in ("run", "run again", "run one again", "change a task's defaults", "the defaults of a new task"):
        method, path, body = PLACES[place]
        for value in deep:
            answer = client.open(path.format(**where), method=method, json=body({name: value}))
            assert (answer.status_code, name in errors_of(answer.get_json())) == (422, True), (place, value)
    assert count(client) == before


def test_what_is_called_like_one_or_put_into_a_form_sets_none(running: Estivador, docker_client: DockerClient, busybox_image: str) -> None:
    """As variables and labels the names are harmless; a form's fields that the form never had are passed over. Both get the container of a plain run."""
    task_id = running.register(busybox_image)
    called = {name: str(value) for name, value in FORBIDDEN.items()}
    labels = dict(list(called.items())[:64])
    plain = running.run(task_id, command="sleep 60")
    named = running.run(
        task_id, command="sleep 60", env=called, labels=labels, matrix={"matrix_privileged": ["true"]}, secret_env={"secret_privileged": "true"}
    )
    again = running.post(f"/result/{plain}/", {"operation": "RERUN", "env": called, "labels": labels})["result_id"]
    answer = running.fill_in(f"/ui/task/{task_id}/", f"/ui/task/{task_id}/", **{**called, "times": "1", "command": "sleep 60"})
    assert answer.status_code == 303, answer.text
    by_form = int(answer.headers["Location"].rstrip("/").rpartition("/")[2])
    answer = running.fill_in(f"/ui/result/{plain}/rerun/", f"/ui/result/{plain}/rerun/", **{**called, "edited": "1", "times": "1", "command": "sleep 60"})
    rerun_by_form = int(answer.headers["Location"].rstrip("/").rpartition("/")[2])
    results = [plain, named, again, by_form, rerun_by_form]
    seen = []
    for result_id in results:
        running.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 1)
        seen.append(docker_client.api.inspect_container(running.details(result_id)[0]["container_id"]))
        running.post(f"/result/{result_id}/", {"operation": "KILL"})
    for result_id in results:
        running.until_ended(result_id)
    for container in seen[1:]:
        assert container["HostConfig"] == seen[0]["HostConfig"]
        assert container["Mounts"] == []
        for name in ("Image", "Tty", "OpenStdin", "Volumes", "ExposedPorts", "Healthcheck", "StopSignal", "MacAddress", "Domainname"):
            assert container["Config"].get(name) == seen[0]["Config"].get(name), name
        assert container["NetworkSettings"]["Networks"].keys() == {"bridge"}
    host = seen[0]["HostConfig"]
    for name in ("Privileged", "Binds", "Mounts", "Devices", "DeviceRequests", "DeviceCgroupRules", "CapAdd", "GroupAdd", "ExtraHosts", "Links", "VolumesFrom",
                 "PidMode", "UTSMode", "UsernsMode", "CgroupParent", "Sysctls", "Ulimits", "PortBindings", "PublishAllPorts", "OomKillDisable", "OomScoreAdj",
                 "Dns", "StorageOpt", "AutoRemove", "Isolation", "VolumeDriver", "CpusetCpus"):  # fmt: skip
        assert not host.get(name), (name, host[name])
    assert (host["NetworkMode"], host["IpcMode"], host["SecurityOpt"], host["Init"], host["PidsLimit"]) == (
        "bridge",
        "private",
        ["no-new-privileges"],
        True,
        512,
    )
    assert (host["RestartPolicy"]["Name"], host["LogConfig"]["Type"], host["Runtime"]) == ("no", "local", docker_client.api.info()["DefaultRuntime"])
    assert "/proc/kcore" in host["MaskedPaths"] and "/proc/sys" in host["ReadonlyPaths"]
