"""Bringing a task's image into the Engine's store: SUBMITTED, IMPORTING, then READY or ERROR with a reason."""

import logging
import time
from collections.abc import Callable

from app.engine import connection, images
from app.engine.errors import EngineRefused, EngineUnreachable
from app.engine.images import ImportReason, PullFailed
from app.engine.references import parse
from app.extensions import db
from app.jobs import context, disclosed
from app.jobs.doorbell import job
from app.jobs.locks import holding
from app.models import Task, move_task, write
from app.states import TaskStatus

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
    ImportReason.REGISTRY_UNREACHABLE: "The registry could not be reached from the Engine: check its name, port and network, then import again.",
    ImportReason.REGISTRY_ERROR: "The registry answered with an error: try to import again later, or ask its operator.",
    ImportReason.LAYER_FAILED: "A layer of the image was missing or damaged in the registry: push the image again, then import again.",
    ImportReason.PULL_TIMEOUT: "The pull took too long or stood still: import again, or raise ESTIVADOR_PULL_TIMEOUT and ESTIVADOR_PULL_IDLE_TIMEOUT.",
    ImportReason.ENGINE_ERROR: "The Docker Engine failed while it pulled the image: see the consumer's log, then import again.",
}


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
        image_id = _bring_in(task)
        move_task(task, "ready", image_id=image_id, imported_at=time.time(), reason=None, message=None)
    except PullFailed as failure:
        log.warning("task %s: import of %s failed (%s): %s", task_id, task.repository, failure.reason, failure.text)
        move_task(task, "fail", reason=failure.reason, message=WHAT_TO_DO[failure.reason])
    except EngineRefused as refusal:
        log.warning("task %s: the Engine refused the import of %s: %s", task_id, task.repository, refusal.text)
        move_task(task, "fail", reason=ImportReason.ENGINE_ERROR, message=WHAT_TO_DO[ImportReason.ENGINE_ERROR])
    except (EngineUnreachable, images.Interrupted) as error:
        log.info("task %s: import of %s put off: %s", task_id, task.repository, error or "this consumer ends")


def _bring_in(task: Task) -> str:
    """Return the id of the task's image, pulled as its policy says (missing: only where it is not in the store)."""
    reference = parse(task.repository)
    if task.pull != "always":
        found = images.find(context.engine_client(), str(reference))
        if found is not None:
            return found
        if task.pull == "never":
            raise PullFailed(ImportReason.NOT_IN_STORE, "not in the Engine's store")
    login = disclosed.login(task)
    settings = context.settings()
    limits = images.Limits(settings.pull_idle_timeout, settings.pull_timeout, context.stopping)
    # A connection of its own: a pull that is given up leaves it in a state nobody should meet.
    engine = connection.connect(settings.engine, settings.engine_timeout)
    try:
        return images.pull(engine, reference, limits, _reporter(task.id), login)
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
