"""A label of a result: what it is found by."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class ResultLabel(Model):
    """One label of a result, beside its `parameters`, where an index finds it."""

    __tablename__ = "result_label"
    __table_args__ = (Index("result_by_label", "name", "value", "result_id"),)

    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[str] = mapped_column(String(1024))
