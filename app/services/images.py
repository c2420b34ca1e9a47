"""What a user asks of a task's images: which ones it has had, and how many results run each."""

from sqlalchemy import func, select

from app.models import Image, Result, Task
from app.services import tasks
from app.services.listing import Page, page_of


def listing(task_id: int, page: int = 1, page_size: int = 10) -> Page:
    """List the images of a task, the one imported last first; raise NotThere where there is no such task.

    Rows have image_id, pulled, imported_at and removed_at (epoch seconds), `current` for the one that a run takes now, and `results`, the
    number of the task's results of that image.
    """
    tasks.get(task_id)
    used = select(Result.image_id, func.count().label("results")).where(Result.task_id == task_id, Result.deleted_at.is_(None))
    counts = used.group_by(Result.image_id).subquery()
    columns = (*Image.__table__.columns, (Image.image_id == Task.image_id).label("current"), func.coalesce(counts.c.results, 0).label("results"))
    query = select(*columns).join(Task, Task.id == Image.task_id).outerjoin(counts, counts.c.image_id == Image.image_id)
    return page_of(query.where(Image.task_id == task_id).order_by(Image.imported_at.desc(), Image.image_id), page, page_size)
