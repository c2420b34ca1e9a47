"""Images that a task had: retention removes them from the real Engine's store, and none that anybody has a use for."""

import time
from collections.abc import Iterator

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound
from flask import Flask
from sqlalchemy import select, update

from app.config import Keep
from app.extensions import db
from app.jobs import removal
from app.models import WITH_DELETED, Image, Result, Task, write
from app.services import results, stopping, tasks
from app.states import TaskStatus, Wish
from tests.support.images import build_image, image_id, random_file, remove_image
from tests.support.kept import limit, tidy
from tests.support.names import unique_name
from tests.support.registry import Registry
from tests.support.stepping import run_jobs


@pytest.fixture
def name() -> str:
    return f"team/{unique_name('tool')}:1"


@pytest.fixture
def versions(registry: Registry, docker_client: DockerClient, name: str) -> Iterator[list[str]]:
    """Three images were pulled one after the other by the same name, whose tag has moved on: their ids, the newest last."""
    ids = []
    for _ in range(3):
        tag = build_image(docker_client, random_file(0.1))
        ids.append(image_id(docker_client, tag))
        reference = registry.push(docker_client, tag, name)
        remove_image(docker_client, tag)
        docker_client.api.pull(reference)
        assert image_id(docker_client, reference) == ids[-1]
    yield ids
    for identity in ids:
        remove_image(docker_client, identity)


@pytest.fixture
def task_id(app: Flask, registry: Registry, name: str, versions: list[str]) -> Iterator[int]:
    """A task whose image is the newest of them, in an application context that goes on; nothing but the newest is kept."""
    limit(app, Keep(images=0))
    with app.app_context(), write() as session:
        task = Task(name="tool", repository=f"{registry.address}/{name}", pull="always", status=TaskStatus.READY, image_id=versions[-1], submitted_at=0.0)
        session.add(task)
        session.flush()
        for days, identity in enumerate(reversed(versions)):
            session.add(Image(task_id=task.id, image_id=identity, pulled=True, imported_at=time.time() - days * 24 * 3600))
    with app.app_context():
        yield db.session.execute(select(Task.id)).scalar_one()


def there(client: DockerClient, ids: list[str]) -> list[bool]:
    """Which of these images are in the Engine's store."""
    found = []
    for identity in ids:
        try:
            found.append(bool(client.api.inspect_image(identity)))
        except ImageNotFound:
            found.append(False)
    return found


def removed() -> list[bool]:
    """Which of the images the record says are removed, oldest first."""
    db.session.rollback()
    return [at is not None for at in db.session.execute(select(Image.removed_at).order_by(Image.imported_at)).scalars()]


def test_what_no_task_has_is_removed_and_what_a_live_result_runs_on_once_it_has_ended(docker_client: DockerClient, task_id: int, versions: list[str]) -> None:
    result = results.submit(task_id)
    with write() as session:
        session.execute(update(Result).values(image_id=versions[0]))
    tidy()
    assert (there(docker_client, versions), removed()) == ([True, False, True], [False, True, False])
    stopping.stop(result.id, Wish.CANCEL)
    tidy()
    assert (there(docker_client, versions), removed()) == ([False, False, True], [True, True, False])


def test_what_has_another_name_or_a_container_stays(docker_client: DockerClient, task_id: int, versions: list[str]) -> None:
    mine = f"estivador-test/{unique_name('mine')}"
    docker_client.api.tag(versions[0], mine, "1")
    container = docker_client.api.create_container(versions[1], "true")["Id"]
    try:
        tidy()
        assert (there(docker_client, versions), removed()) == ([True, True, True], [False, False, False])
    finally:
        docker_client.api.remove_container(container)
        docker_client.api.remove_image(f"{mine}:1")
    tidy()
    assert (there(docker_client, versions), removed()) == ([False, False, True], [True, True, False]), "one was gone already, which is as good"


def test_what_a_deleted_task_had_goes_unless_another_goes_by_its_name(docker_client: DockerClient, task_id: int, versions: list[str]) -> None:
    with write() as session:
        row = db.session.get_one(Task, task_id)
        session.add(Task(name="other", repository=row.repository, pull="missing", status=TaskStatus.READY, image_id="sha256:0", submitted_at=0.0))
    tasks.delete(task_id)
    run_jobs()
    tidy()
    assert there(docker_client, versions) == [False, False, True]
    tasks.delete(task_id + 1)
    tidy()
    removal.remove_results()
    run_jobs()
    assert there(docker_client, versions) == [False, False, False]
    assert db.session.execute(select(Task.id).execution_options(**WITH_DELETED)).all() == [], "with its images its row goes"
