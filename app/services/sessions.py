"""Sessions: somebody signed in to the pages with a token. The cookie holds a secret, the record its SHA-256, so the server can end it."""

import hashlib
import secrets
import time
from datetime import timedelta
from pathlib import Path

from limits import parse_many

from app.actions import Action, Kind
from app.errors import NotAuthenticated
from app.extensions import db
from app.files import kept_key
from app.models import Session, Token, actor, note, write
from app.rates import count
from app.services import tokens

SIGN_INS = parse_many("60/minute;300/hour")
"""How often a token may sign in, for each web process: each is a session and a row of the audit, which nobody can remove."""
LIFETIME = timedelta(days=14)
"""How long a session lasts from when it was opened."""
KEY_NAME = "cookie-key"


def open_with(token_text: str) -> str:
    """Open a session for the token `est_<id>_<secret>` and return the secret for the cookie; raise NotAuthenticated for no token of ours.

    Raises TooMany for one that has signed in too often of late.
    """
    token = tokens.authenticate(token_text.strip())
    count(SIGN_INS, "sign-ins", token.id, "sessions were opened with this token")
    secret, now = secrets.token_urlsafe(32), time.time()
    with write() as session:
        session.execute(db.delete(Session).where(Session.ends_at < now))
        session.add(Session(digest=_digest(secret), token_id=token.id, created_at=now, ends_at=now + LIFETIME.total_seconds()))
        note(Action.SESSION_OPEN, Kind.SESSION, by=actor().holding(token))
    return secret


def authenticate(secret: str | None) -> Token:
    """Return the token that the session of this secret was opened with; raise NotAuthenticated where there is no such session any more."""
    row = db.session.get(Session, _digest(secret)) if secret else None
    token = db.session.get(Token, row.token_id) if row is not None and row.ends_at > time.time() else None
    if token is None or token.is_over:
        raise NotAuthenticated("Sign in with a token: the first one lies in the file admin-token in the instance folder.")
    tokens.note_use(token)
    return token


def close(secret: str | None) -> None:
    """End a session; whoever holds its cookie is signed out."""
    if secret:
        with write() as session:
            session.execute(db.delete(Session).where(Session.digest == _digest(secret)))
            note(Action.SESSION_CLOSE, Kind.SESSION)


def secret_key(folder: Path) -> bytes:
    """Return the key that cookies are signed with, of the file cookie-key in the instance folder. Without the file all are signed out."""
    return kept_key(folder / KEY_NAME)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
