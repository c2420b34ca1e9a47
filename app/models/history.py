"""History: one row for each change of a status or a phase, written in the same transaction."""

from sqlalchemy import Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class History(Model):
    """What changed, when, from what, to what, and why. Append only."""

    __tablename__ = "history"
    __table_args__ = (Index("history_of", "kind", "object_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    object_id: Mapped[int] = mapped_column()
    at: Mapped[float] = mapped_column(Float)
    move: Mapped[str] = mapped_column(String(16))
    from_state: Mapped[str] = mapped_column(String(32))
    to_state: Mapped[str] = mapped_column(String(32))
    attempt: Mapped[int | None] = mapped_column()
    reason: Mapped[str | None] = mapped_column(String(32))
