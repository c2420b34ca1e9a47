"""An attempt that failed and was followed by another: what became of that container."""

from sqlalchemy import BigInteger, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Attempt(Model):
    """An earlier attempt of an execution. The current one is in the execution's own row, with the same columns."""

    __tablename__ = "attempt"

    detail_id: Mapped[int] = mapped_column(ForeignKey("detail.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None] = mapped_column(String(1024))
    exit_code: Mapped[int | None] = mapped_column()
    oom_killed: Mapped[bool | None] = mapped_column()
    container_id: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[float | None] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)
    log_truncated: Mapped[bool | None] = mapped_column()
    logs_incomplete: Mapped[bool | None] = mapped_column()
    peak_memory: Mapped[int | None] = mapped_column(BigInteger)
    cpu_seconds: Mapped[float | None] = mapped_column(Float)
    last_line: Mapped[str | None] = mapped_column(String(255))
    ending: Mapped[str | None] = mapped_column(String(255))
