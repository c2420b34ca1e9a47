"""Where things run: this instance, its Docker Engines, and the consumers that are alive."""

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Instance(Model):
    """The one row that tells this instance's containers from another's on the same Engine, by a label."""

    __tablename__ = "instance"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float)


class Engine(Model):
    """A Docker Engine and how many executions it may hold at once. `claims` counts the executions that were ever claimed for it."""

    __tablename__ = "engine"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(255))
    slots: Mapped[int] = mapped_column()
    seen_at: Mapped[float | None] = mapped_column(Float)
    trouble: Mapped[str | None] = mapped_column(String(1024))
    claims: Mapped[int] = mapped_column(default=0, server_default="0")


class Consumer(Model):
    """A consumer process and when it was last alive (epoch seconds)."""

    __tablename__ = "consumer"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column()
    started_at: Mapped[float] = mapped_column(Float)
    seen_at: Mapped[float] = mapped_column(Float)
