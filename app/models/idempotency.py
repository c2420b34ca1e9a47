"""The first answer to a request that carried an Idempotency-Key."""

from sqlalchemy import Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model


class IdempotencyKey(Model):
    """A key of one token, the digest of the request it came with (an HMAC whose key is not in the record), and the answer that was given."""

    __tablename__ = "idempotency_key"

    token_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status_code: Mapped[int] = mapped_column()
    location: Mapped[str | None] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float, index=True)
