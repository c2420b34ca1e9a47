"""What housekeeping does with images: those that are due leave the Engine's store, unless anybody else has a use for them there."""

import logging
import time
from contextlib import ExitStack

from sqlalchemy import select, update

from app.engine import images
from app.engine.errors import EngineRefused
from app.engine.references import parse
from app.extensions import db
from app.jobs import context
from app.jobs.images import AT_ONCE
from app.jobs.locks import holding
from app.jobs.retention import due_images
from app.jobs.tidying import Run
from app.models import WITH_DELETED, Image, Task, write

log = logging.getLogger(__name__)


def remove(run: Run) -> None:
    """Remove the images that are due, unless one is being imported: an import may be about to find the same image."""
    keep = context.settings().keep
    if keep.images_days is None and keep.images is None:
        return
    for image_id in due_images(keep, run.now):
        if run.is_over:
            return
        with ExitStack() as imports:
            if not all(imports.enter_context(holding(f"import-{place}")) for place in range(AT_ONCE)):
                log.info("images stay for now: one is being imported")
                return
            # Since it was found due, a task may have got it again.
            if image_id in due_images(keep, run.now):
                _remove(image_id, run)


def _remove(image_id: str, run: Run) -> None:
    """Remove one image; where it has a name that is not a deleted task's, or a container, it stays."""
    engine = context.engine_client()
    names = images.names(engine, image_id)
    if names is not None:
        if foreign := names - _names_of_the_deleted(image_id):
            log.info("image %s stays: it has the name %s", image_id, min(foreign))
            return
        try:
            images.remove(engine, image_id)
        except EngineRefused as error:
            log.info("image %s stays, the Engine says: %s", image_id, error.text)
            return
    with write() as session:
        change = update(Image).where(Image.image_id == image_id, Image.removed_at.is_(None)).values(removed_at=time.time())
        session.execute(change.execution_options(synchronize_session=False))
        run.did(images=int(names is not None))


def _names_of_the_deleted(image_id: str) -> set[str]:
    """Return the references that deleted tasks gave to this image, and no other task goes by."""
    query = select(Task.repository, Task.deleted_at.is_not(None), Image.image_id == image_id).outerjoin(
        Image, (Image.task_id == Task.id) & (Image.image_id == image_id)
    )
    deleted: set[str] = set()
    others: set[str] = set()
    for repository, is_deleted, has_it in db.session.execute(query.execution_options(**WITH_DELETED)):
        if is_deleted and has_it:
            deleted.add(images.familiar(parse(repository)))
        elif not is_deleted:
            others.add(images.familiar(parse(repository)))
    return deleted - others
