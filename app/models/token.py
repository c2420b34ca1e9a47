"""A token: who may enter. Only a digest of the secret is kept."""

import time

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model
from app.roles import Role


class Token(Model):
    """A bearer token `est_<id>_<secret>` by the SHA-256 of its secret. From `expires_at` on (epoch seconds) it opens nothing; None: it never ends by itself."""

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Float)
    used_at: Mapped[float | None] = mapped_column(Float)
    expires_at: Mapped[float | None] = mapped_column(Float)

    @property
    def is_over(self) -> bool:
        """Whether it opens nothing any more."""
        return self.expires_at is not None and self.expires_at <= time.time()

    @property
    def opens_as_admin(self) -> bool:
        """Whether an admin can enter with it."""
        return self.role == Role.ADMIN and not self.is_over
