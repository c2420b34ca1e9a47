"""Labels, a matrix and images shut nobody out either, however long their words are."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import OpenPage
from tests.support.estivador import Estivador
from tests.support.images import REPOSITORY, build_image, image_id, remove_image
from tests.support.running import whole_estivador

LABELS = {"team": "sea", "purpose." + "x" * 80: "y" * 80, **{f"n{number}": "" for number in range(6)}}
MATRIX = {"SIZE": ["small", "z" * 70], **{name: [name.lower(), "1"] for name in "ABCDE"}, "W" * 60: ["w" * 70]}


@pytest.fixture(scope="module")
def laden(tmp_path_factory: pytest.TempPathFactory, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador with task 1, which has labels and has had two images, and its result 1 with a matrix, cancelled."""
    tag, other = build_image(docker_client, {"/version": b"one"}), build_image(docker_client, {"/version": b"two"})
    former = image_id(docker_client, tag)
    with whole_estivador(tmp_path_factory.mktemp("laden") / "instance", docker_client) as place:
        consumer = place.start_consumer()
        place.register(tag, name="laden", labels=LABELS)
        docker_client.api.tag(other, REPOSITORY, tag.split(":")[1])
        place.post("/task/1/", {"operation": "IMPORT"})
        place.until_task(1, lambda task: task["status"] == "READY")
        place.end(consumer)  # nothing here need run
        place.run(1, matrix=MATRIX)
        place.post("/result/1/", {"operation": "CANCEL"})
        place.run(1, labels={"more": "1"})
        place.post("/result/2/", {"operation": "CANCEL"})
        yield place
    for reference in (tag, other, former):
        remove_image(docker_client, reference)


@pytest.mark.parametrize(
    "path",
    [
        "/ui/task/",
        "/ui/task/1/",
        "/ui/task/1/edit/",
        "/ui/result/?label=team",
        "/ui/result/1/",
        "/ui/result/1/?matrix=SIZE%3Dsmall&status=QUEUED",
        "/ui/result/1/detail/1/",
    ],
)
def test_long_words(open_page: OpenPage, laden: Estivador, path: str) -> None:
    page = open_page(laden)
    page.goto(path)
    assert_accessible(page)
