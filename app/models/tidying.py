"""One run of housekeeping: what it removed."""

from sqlalchemy import BigInteger, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Tidying(Model):
    """A run of housekeeping, written as it goes: what it deleted, `logs` as the number of results whose logs it removed.

    Times are epoch seconds; without an `ended_at` the run goes on, or somebody ended it in the middle. `error` says what it could not do.
    """

    __tablename__ = "tidying"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    ended_at: Mapped[float | None] = mapped_column(Float)
    results: Mapped[int] = mapped_column(default=0)
    executions: Mapped[int] = mapped_column(default=0)
    logs: Mapped[int] = mapped_column(default=0)
    logs_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    images: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(1024))
