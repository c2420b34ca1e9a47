"""A result: one RUN of a task, with the counts of its executions kept by the moves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model
from app.states import Status


class Result(Model):
    """One RUN. `revision` rises with each change of it or of any of its executions.

    `rerun_of` is the id of the result that this one runs again; that may have been deleted since. `secret_env` are its secret
    variables, each value encrypted. `served` is the Engine's count of claims when an execution of it was claimed last: who waited
    longest for a turn has the lowest. `deleted_at` is set once it is deleted for everybody but the job that removes its rows.
    `logs_size` is what its stored logs take on the disk in bytes, None until housekeeping has measured them after its end; `logs_removed_at`
    is when they were removed before the result.
    """

    __tablename__ = "result"
    # An id is in names and labels of containers, so it never comes again.
    __table_args__ = (Index("result_by_end", "end"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED, index=True)
    times: Mapped[int] = mapped_column()
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    image_id: Mapped[str] = mapped_column(String(80))
    rerun_of: Mapped[int | None] = mapped_column(index=True)
    revision: Mapped[int] = mapped_column(default=1)
    submitted_at: Mapped[float] = mapped_column(Float)
    start: Mapped[float | None] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)
    queued: Mapped[int] = mapped_column(default=0)
    running: Mapped[int] = mapped_column(default=0)
    complete: Mapped[int] = mapped_column(default=0)
    error: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    killed: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    parallel: Mapped[int | None] = mapped_column()
    max_failures: Mapped[int | None] = mapped_column()
    served: Mapped[int] = mapped_column(default=0, server_default="0")
    secret_env: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    deleted_at: Mapped[float | None] = mapped_column(Float)
    logs_size: Mapped[int | None] = mapped_column(BigInteger)
    logs_removed_at: Mapped[float | None] = mapped_column(Float)

    @property
    def has_failed_enough(self) -> bool:
        """Whether so many executions have failed that the rest is not to start."""
        return self.max_failures is not None and self.error >= self.max_failures

    @property
    def failed_enough(self) -> str:
        """What is said to an execution that is not started for that."""
        return f"Cancelled: {self.max_failures} of this result had failed, which is its max_failures."

    @property
    def counts(self) -> dict[Status, int]:
        """How many executions stand in each status."""
        return {status: getattr(self, status.lower()) for status in Status}

    def set_counts(self, counts: Mapping[Status, int]) -> None:
        """Write the counts back, a column a status."""
        for status, number in counts.items():
            setattr(self, status.lower(), number)


# Of those alone that stand deleted: an index with all the others in it would be taken for a good one to find them by.
Index("result_deleted", Result.deleted_at, Result.id, sqlite_where=Result.deleted_at.is_not(None), postgresql_where=Result.deleted_at.is_not(None))
