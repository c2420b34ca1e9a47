"""A session: somebody who signed in to the pages. It ends when it is deleted here, whatever the browser still holds."""

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class Session(Model):
    """A signed-in browser, by the SHA-256 of the secret in its cookie. It goes with its token."""

    __tablename__ = "session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("token.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float] = mapped_column(Float)
    ends_at: Mapped[float] = mapped_column(Float)
