"""Retention: which results, logs and images are older or more than the settings keep. What is live is never among them."""

from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import aliased

from app.config import Keep
from app.extensions import db
from app.models import Image, Result, Task
from app.states import LIVE

DAY = 24 * 3600.0

HAS_LOGS: tuple[ColumnElement[bool], ...] = (Result.status.not_in(LIVE), Result.logs_removed_at.is_(None), Result.logs_size > 0)
"""Ended results whose logs are measured and still there."""


def due_results(keep: Keep, now: float) -> ColumnElement[bool]:
    """Return what the ended results fulfil that are to be deleted: the older by their end, and those beyond the newest."""
    reasons: list[ColumnElement[bool]] = []
    if keep.results_days is not None:
        reasons.append(Result.end < now - keep.results_days * DAY)
    if keep.results is not None:
        other = aliased(Result)
        ended = select(other.id).where(other.status.not_in(LIVE), other.deleted_at.is_(None)).order_by(other.end.desc(), other.id.desc())
        reasons.append(Result.id.in_(ended.offset(keep.results)))
    return Result.status.not_in(LIVE) & or_(false(), *reasons)


def due_logs(keep: Keep, now: float, live_size: int = 0) -> Select[Any]:
    """Select id and logs_size of the results whose logs are to be removed before the results are, oldest end first.

    The newest logs are kept that take no more than the limit together with what live results have written, which is `live_size` bytes.
    """
    so_far = func.sum(Result.logs_size).over(order_by=(Result.end.desc(), Result.id.desc()))
    rows = select(Result.id, Result.logs_size, Result.end, so_far.label("so_far")).where(*HAS_LOGS, ~due_results(keep, now)).subquery()
    reasons: list[ColumnElement[bool]] = []
    if keep.logs_days is not None:
        reasons.append(rows.c.end < now - keep.logs_days * DAY)
    if keep.logs_size is not None:
        reasons.append(rows.c.so_far > keep.logs_size - live_size)
    return select(rows.c.id, rows.c.logs_size).where(or_(false(), *reasons)).order_by(rows.c.end, rows.c.id)


def due_images(keep: Keep, now: float) -> list[str]:
    """Return the ids of images to be removed from the Engine's store, oldest import first: such as we pulled and nobody has or needs now.

    `images` counts for each task beside the one it has; an image that one of its tasks still keeps, stays.
    """
    due: dict[str, float] = {}
    kept: set[str] = set()
    beside: dict[int, int] = {}
    for task_id, image_id, imported_at in db.session.execute(_old_images()):
        number = beside[task_id] = beside.get(task_id, 0) + 1
        is_old = keep.images_days is not None and imported_at < now - keep.images_days * DAY
        if is_old or (keep.images is not None and number > keep.images):
            due[image_id] = min(imported_at, due.get(image_id, imported_at))
        else:
            kept.add(image_id)
    return sorted(due.keys() - kept, key=lambda image_id: (due[image_id], image_id))


def _old_images() -> Select[int, str, float]:
    """Select the images that we pulled, that are still in the store, and that no task has and no live result uses: newest first of each task."""
    needed = [select(Task.image_id).where(Task.image_id.is_not(None)), select(Result.image_id).where(Result.status.in_(LIVE))]
    which = (Image.pulled, Image.removed_at.is_(None), *(Image.image_id.not_in(query) for query in needed))
    query = select(Image.task_id, Image.image_id, Image.imported_at).where(*which)
    return query.order_by(Image.task_id, Image.imported_at.desc(), Image.image_id)
