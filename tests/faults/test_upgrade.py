"""An upgrade in the middle of a run: the database of the first release, with containers running, under this one."""

import signal
import subprocess
from contextlib import suppress

from docker import DockerClient
from docker.errors import APIError

from tests.support.estivador import BIN, ROOT, Estivador
from tests.support.recorder import Recorder
from tests.support.waiting import until

FIRST_RELEASE = "0002"


def test_what_ran_under_the_first_release_is_adopted_and_finishes(
    instance: Estivador, recorder: Recorder, busybox_image: str, docker_client: DockerClient
) -> None:
    consumer = instance.start_consumer(ESTIVADOR_SLOTS="5")
    script = "echo $ESTIVADOR_INDEX; while [ ! -e /go ]; do sleep 0.1; done; exit $((ESTIVADOR_INDEX % 2))"
    result_id = instance.run(instance.register(busybox_image), times=8, command=["sh", "-c", script])
    instance.until_result(result_id, lambda result: result["counts"]["RUNNING"] == 5)
    instance.end(consumer, signal.SIGTERM)
    instance.end(instance.processes[0], signal.SIGTERM)
    downgrade = [BIN / "flask", "--app", "wsgi", "db", "downgrade", FIRST_RELEASE]
    subprocess.run(downgrade, cwd=ROOT, env={"PATH": str(BIN), **instance.environment}, check=True, capture_output=True, timeout=60)
    assert instance.rows("SELECT version_num FROM alembic_version") == [(FIRST_RELEASE,)]
    instance.start_web()
    instance.start_consumer(ESTIVADOR_SLOTS="5")
    let_go(docker_client, instance)
    result = instance.until_ended(result_id)
    assert (result["counts"]["COMPLETE"], result["counts"]["ERROR"]) == (4, 4)
    assert {row["exit_code"] == row["index"] % 2 for row in instance.details(result_id)} == {True}
    assert set(recorder.starts().values()) == {1}
    until(lambda: not instance.containers(docker_client), 60, "no container is left")


def let_go(client: DockerClient, place: Estivador) -> None:
    """Tell each container that runs or comes to run to end, until none is left."""

    def told() -> bool:
        for container in place.containers(client):
            # One that ended since it was listed takes no command any more.
            with suppress(APIError):
                client.api.exec_start(client.api.exec_create(container["Id"], ["touch", "/go"])["Id"])
        return place.get("/result/?status=RUNNING&status=QUEUED") == []

    until(told, 60, "all have ended")
