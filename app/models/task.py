"""A task: a registered image."""

from typing import Any

from sqlalchemy import JSON, Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model
from app.states import TaskStatus


class Task(Model):
    """An image by its repository, its name here, the image id that was found when it was imported, and what its runs take by default.

    `labels` go with each of its runs. `secret_env` are default secret variables, each value encrypted; so is `registry_password`.
    `deleted_at` is set once it is deleted for everybody but the job that removes its rows.
    """

    __tablename__ = "task"
    # An id is in names and labels of containers, so it never comes again.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    repository: Mapped[str] = mapped_column(String(512))
    pull: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default=TaskStatus.SUBMITTED, index=True)
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None] = mapped_column(String(1024))
    image_id: Mapped[str | None] = mapped_column(String(80))
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    submitted_at: Mapped[float] = mapped_column(Float)
    description: Mapped[str] = mapped_column(String(1024), default="", server_default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    imported_at: Mapped[float | None] = mapped_column(Float)
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    secret_env: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    registry_username: Mapped[str | None] = mapped_column(String(255))
    registry_password: Mapped[str | None] = mapped_column(Text)
    deleted_at: Mapped[float | None] = mapped_column(Float)
