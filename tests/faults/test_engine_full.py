"""The disk under the Engine is full: a second dockerd, of the tests' own, on a disk of 64 MiB."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.dockerd import OwnDockerd
from tests.support.estivador import Estivador

pytestmark = pytest.mark.timeout(300)
FULL = "the disk of the Docker Engine is full"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.fixture
def dockerd(small_disk: Path) -> Iterator[OwnDockerd]:
    daemon = OwnDockerd(data_root=small_disk / "data")
    daemon.start()
    yield daemon
    daemon.close()


def fill(disk: Path) -> Path:
    """Take all the room that there is."""
    filler = disk / "filler"
    file = os.open(filler, os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    return filler


def test_what_waits_says_that_the_disk_is_full_and_goes_on_when_there_is_room(
    place: Estivador, dockerd: OwnDockerd, small_disk: Path, busybox_image: str, docker_client: DockerClient
) -> None:
    place.start_consumer()
    dockerd.load(busybox_image, docker_client)
    task_id = place.register(busybox_image)
    filler = fill(small_disk)
    result_id = place.run(task_id, times=3, command="true")
    place.until_answer(f"/result/{result_id}/detail/", lambda rows: {row["waits_for"] for row in rows} == {FULL}, 30)
    assert place.get(f"/result/{result_id}/")["counts"]["QUEUED"] == 3
    ready = place.request("GET", "/ready/")
    assert (ready.status_code, ready.json()["parts"]["consumer"]) == (503, "ok")
    assert "is full" in ready.json()["parts"]["engine"]
    assert "is full" in place.get("/engine/")[0]["trouble"]
    filler.unlink()
    assert place.until_ended(result_id)["counts"]["COMPLETE"] == 3
    place.until_answer("/ready/", lambda answer: answer["parts"]["engine"] == "ok", 30)
