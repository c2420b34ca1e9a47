"""Tokens: who may enter. A secret is shown once; what is kept is its SHA-256."""

import hashlib
import hmac
import os
import re
import secrets
import time
from pathlib import Path

from app.errors import NotAuthenticated
from app.extensions import db
from app.models import Token, write

_FORM = re.compile(r"est_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
ADMIN_NAME = "admin-token"


def authenticate(text: str | None) -> Token:
    """Return the token that `text` (`est_<id>_<secret>`) is; raise NotAuthenticated where it is none of ours."""
    match = _FORM.fullmatch(text or "")
    token = db.session.get(Token, match[1]) if match else None
    if match is None or token is None or not hmac.compare_digest(token.digest, _digest(match[2])):
        raise NotAuthenticated(
            "A valid token is needed: send `Authorization: Bearer <token>`. The first one lies in the file admin-token in the instance folder."
        )
    return token


def ensure_admin(folder: Path) -> bool:
    """Make the admin token in `folder`/admin-token (mode 0600) if there is none, and let the record know it; say whether it was made.

    The file decides: one that was deleted is made anew, and the token that was in it opens nothing any more.
    """
    path = folder / ADMIN_NAME
    made = not path.exists()
    if made:
        _write_private(path, f"est_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}\n")
    match = _FORM.fullmatch(path.read_text().strip())
    if match is None:
        raise ValueError(f"{path} does not hold a token: delete the file, and a new one is made at the next start.")
    digest = _digest(match[2])
    with write() as session:
        if not session.execute(db.select(Token.id).where(Token.id == match[1], Token.digest == digest)).first():
            session.execute(db.delete(Token).where(Token.name == ADMIN_NAME))
            session.add(Token(id=match[1], name=ADMIN_NAME, role="admin", digest=digest, created_at=time.time()))
    return made


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner could ever read, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.rename(path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
