"""Bringing a task's image into the Engine's store: SUBMITTED, IMPORTING, then READY or ERROR with a reason."""

import logging
import time
from collections.abc import Callable

from app.engine import connection, images
from app.engine.errors import EngineRefused, EngineUnreachable
from app.engine.images import ImportReason, PullFailed
from app.engine.references import Reference, parse
from app.extensions import db
from app.jobs import context, disclosed
from app.jobs.doorbell import job
from app.jobs.locks import holding
from app.models import Image, Result, Task, move_task, write
from app.states import LIVE, TaskStatus

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Imports of one instance at a time: a pull may take hours, and the workers are there for the executions."""
REPORT_EVERY = 0.5
"""Seconds between two writes of a pull's progress."""

WHAT_TO_DO = {
    ImportReason.BAD_REFERENCE: "The Engine does not accept this as an image reference; register it again, spelt like johncosta/redis:7.",
    ImportReason.IMAGE_NOT_FOUND: (
        "The registry has no such image, or shows it only after a login: check the spelling and the tag, and if it is private give the task "
        "registry_username and registry_password, or run `docker login` as the user that runs the consumer; then import again."
    ),
    ImportReason.NOT_IN_STORE: "The image is not in the Engine's store, and pull: never forbids asking a registry: build or load it there, then import again.",
    ImportReason.CREDENTIALS_REFUSED: (
        "The registry refused the credentials: give the task its registry_username and registry_password, "
        "or run `docker login` for it as the user that runs the consumer; then import again."
    ),
    ImportReason.SECRETS_UNREADABLE: (
        "The task's registry password can't be decrypted: put the file secret-keys back into the instance folder from the backup, "
        "or give the task its registry_username and registry_password anew; then import again."
    ),
    ImportReason.REGISTRY_NOT_ALLOWED: (
        "The image's registry is none of those that ESTIVADOR_REGISTRIES names, so it was not asked: register the image from one that is, or let "
        "an admin add it there; an image that lies in the Engine's store already is taken with pull: never."
    ),
    ImportReason.REGISTRY_UNREACHABLE: "The registry could not be reached from the Engine: check its name, port and network, then import again.",
    ImportReason.REGISTRY_ERROR: "The registry answered with an error: try to import again later, or ask its operator.",
    ImportReason.LAYER_FAILED: "A layer of the image was missing or damaged in the registry: push the image again, then import again.",
    ImportReason.PULL_TIMEOUT: "The pull took too long or stood still: import again, or raise ESTIVADOR_PULL_TIMEOUT and ESTIVADOR_PULL_IDLE_TIMEOUT.",
    ImportReason.ENGINE_ERROR: "The Docker Engine failed while it pulled the image: see the consumer's log, then import again.",
}


def may_ask(reference: Reference) -> bool:
    """Whether the settings let the reference's registry be asked."""
    allowed = context.settings().registries
    return not allowed or reference.registry in allowed


@job(priority=5)
def import_image(task_id: int) -> None:
    """Import the image of one task, unless somebody is at it or all places are taken; the supervisor rings again then."""
    for place in range(AT_ONCE):
        with holding(f"import-{place}") as free:
            if free:
                with holding(f"task-{task_id}") as mine:
                    if mine:
                        _import(task_id)
                return


def _import(task_id: int) -> None:
    task = db.session.get(Task, task_id)
    if task is None or task.status not in (TaskStatus.SUBMITTED, TaskStatus.IMPORTING):
        return
    try:
        context.engine_client().ping()
        if not move_task(task, "import", reason=None, message=None, progress=None):
            return
        _ready(task, *_bring_in(task))
    except PullFailed as failure:
        log.warning("task %s: import of %s failed (%s): %s", task_id, task.repository, failure.reason, failure.text)
        move_task(task, "fail", reason=failure.reason, message=WHAT_TO_DO[failure.reason])
    except EngineRefused as refusal:
        log.warning("task %s: the Engine refused the import of %s: %s", task_id, task.repository, refusal.text)
        move_task(task, "fail", reason=ImportReason.ENGINE_ERROR, message=WHAT_TO_DO[ImportReason.ENGINE_ERROR])
    except (EngineUnreachable, images.Interrupted) as error:
        log.info("task %s: import of %s put off: %s", task_id, task.repository, error or "this consumer ends")


def _ready(task: Task, image_id: str, pulled: bool) -> None:
    """READY with this image, which is written down among the task's images in the same transaction."""
    now = time.time()
    with write() as session:
        if not move_task(task, "ready", image_id=image_id, imported_at=now, reason=None, message=None):
            return
        image = session.get(Image, (task.id, image_id))
        if image is None:
            session.add(Image(task_id=task.id, image_id=image_id, pulled=pulled, imported_at=now))
        else:
            # What a pull of ours brought in stays ours until it is removed: a later import only finds it.
            image.pulled = pulled or (image.pulled and image.removed_at is None)
            image.imported_at, image.removed_at = now, None
        # Their pages say that the task has another image by now.
        others = db.update(Result).where(Result.task_id == task.id, Result.status.in_(LIVE), Result.image_id != image_id)
        session.execute(others.values(revision=Result.revision + 1))


def _bring_in(task: Task) -> tuple[str, bool]:
    """Return the id of the task's image, pulled as its policy says (missing: only where it is not in the store), and whether a pull brought it."""
    reference = parse(task.repository)
    if task.pull != "always":
        found = images.find(context.engine_client(), str(reference))
        if found is not None:
            return found, False
        if task.pull == "never":
            raise PullFailed(ImportReason.NOT_IN_STORE, "not in the Engine's store")
    if not may_ask(reference):
        raise PullFailed(ImportReason.REGISTRY_NOT_ALLOWED, f"{reference.registry} is not in ESTIVADOR_REGISTRIES")
    login = disclosed.login(task)
    settings = context.settings()
    limits = images.Limits(settings.pull_idle_timeout, settings.pull_timeout, context.stopping)
    # A connection of its own: a pull that is given up leaves it in a state nobody should meet.
    engine = connection.connect(settings.engine, settings.engine_timeout)
    try:
        before = images.ids(engine)
        image_id = images.pull(engine, reference, limits, _reporter(task.id), login)
        return image_id, image_id not in before
    except PullFailed as failure:
        raise PullFailed(failure.reason, disclosed.hidden(failure.text, login)) from None
    finally:
        engine.close()


def _reporter(task_id: int) -> Callable[[dict[str, int]], None]:
    last = 0.0

    def report(progress: dict[str, int]) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_EVERY:
            last = time.monotonic()
            with write() as session:
                session.execute(db.update(Task).where(Task.id == task_id).values(progress=progress))

    return report
