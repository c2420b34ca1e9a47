"""An image that a task has had: what its results ran on, and what may be removed from the Engine's store some day."""

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Image(Model):
    """An image id that an import of a task found. `pulled`: a pull of ours brought it into the store, so it may be removed by us.

    Times are epoch seconds; `removed_at` is set once housekeeping has removed it from the store.
    """

    __tablename__ = "image"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
    pulled: Mapped[bool] = mapped_column(default=False)
    imported_at: Mapped[float] = mapped_column(Float)
    removed_at: Mapped[float | None] = mapped_column(Float)
