"""Audit: one row for each change that somebody asked for, whatever came of it. The database lets nobody change or remove one."""

from sqlalchemy import CheckConstraint, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Audit(Model):
    """Who did what, on what, from where, with what outcome.

    `token_id`, `name` and `role` are those of the token at that time, none for who has none; `via` is api, page, cli, or consumer for Estivador
    itself; `address` where the request came from. `action` is a verb of ours such as `task.register`; `kind` and `object_id` name what it was
    about; `about` says more in a few words, and never a secret. `outcome` is done, refused or failed, with the HTTP `status` of the answer where it
    was not done.
    """

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("id > 0", name="audit_id"),
        Index("audit_of", "kind", "object_id", "id"),
        Index("audit_by", "token_id", "id"),
        Index("audit_action", "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    token_id: Mapped[str | None] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str | None] = mapped_column(String(16))
    via: Mapped[str] = mapped_column(String(8))
    address: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str | None] = mapped_column(String(16))
    object_id: Mapped[str | None] = mapped_column(String(32))
    about: Mapped[str] = mapped_column(String(255), default="")
    outcome: Mapped[str] = mapped_column(String(8))
    status: Mapped[int | None] = mapped_column()
