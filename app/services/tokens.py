"""Tokens: who may enter. A secret is shown once; what is kept is its SHA-256."""

import hashlib
import hmac
import logging
import re
import secrets
import time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.actions import Action, Kind
from app.errors import NameTaken, NotAuthenticated, NotThere, WrongState
from app.extensions import db
from app.files import write_private
from app.models import Token, note, write, write_aside
from app.roles import Role

_ID = r"[0-9a-f]{8}"
_FORM = re.compile(rf"est_({_ID})_([A-Za-z0-9_-]{{43}})")
ADMIN_NAME = "admin-token"
DAY = 24 * 3600
NOTE_EVERY = 60.0
"""Seconds between two notes that a token is used."""

log = logging.getLogger(__name__)


def authenticate(text: str | None) -> Token:
    """Return the token that `text` (`est_<id>_<secret>`) is; raise NotAuthenticated where it is none of ours."""
    match = _FORM.fullmatch(text or "")
    token = db.session.get(Token, match[1]) if match else None
    if match is None or token is None or not hmac.compare_digest(token.digest, _digest(match[2])) or token.is_over:
        raise NotAuthenticated(
            "A valid token is needed: send `Authorization: Bearer <token>`. The first one lies in the file admin-token in the instance folder."
        )
    note_use(token)
    return token


def note_use(token: Token) -> None:
    """Write down that a token is used, at most once a minute; a record that is busy is not waited for."""
    now = time.time()
    if token.used_at is not None and now - token.used_at < NOTE_EVERY:
        return
    change = db.update(Token).where(Token.id == token.id).values(used_at=now)
    try:
        write_aside(change)  # who asks for a page waits for nobody else's write
    except OperationalError as error:
        log.info("the use of token %s was not noted: %s", token.id, error.orig)


def is_id(text: str) -> bool:
    """Whether `text` has the form of a token's id. What has not may hold a secret, pasted where the id belongs."""
    return re.fullmatch(_ID, text) is not None


def opens(token_id: str) -> bool:
    """Whether the token of this id still opens anything; leaves no read transaction open."""
    token = db.session.execute(select(Token).where(Token.id == token_id)).scalar_one_or_none()
    is_open = token is not None and not token.is_over
    db.session.rollback()
    return is_open


def listing() -> list[Token]:
    """List the tokens, oldest first; none carries its secret."""
    return list(db.session.execute(select(Token).order_by(Token.created_at, Token.id)).scalars())


def get(token_id: str) -> Token:
    """Return a token; raise NotThere where there is none with this id."""
    token = db.session.get(Token, token_id)
    if token is None:
        raise NotThere(f"There is no token {token_id}: GET /token/ lists them.")
    return token


def create(name: str, role: str = Role.OPERATOR, days: float | None = None) -> tuple[Token, str]:
    """Make a token that lasts so many days, or for ever, and return it with its text, which nobody can be shown again.

    Raises NameTaken for the name of the one in the file, which is replaced by that name.
    """
    if name == ADMIN_NAME:
        raise NameTaken(f"{ADMIN_NAME} is the name of the token in the file of that name: give another `name`.")
    secret = secrets.token_urlsafe(32)
    with write() as session:
        now = time.time()
        ends = None if days is None else now + days * DAY
        token = Token(id=secrets.token_hex(4), name=name, role=Role(role), digest=_digest(secret), created_at=now, expires_at=ends)
        session.add(token)
        note(Action.TOKEN_CREATE, Kind.TOKEN, token.id, f"{name}, {role}" + ("" if days is None else f", {days:g} days"))
    return token, f"est_{token.id}_{secret}"


def revoke(token_id: str) -> None:
    """Delete a token, and with it the sessions that were opened by it.

    Raises NotThere, and WrongState for the one in the file admin-token and for the last that an admin can enter with.
    """
    with write() as session:
        token = get(token_id)
        if token.name == ADMIN_NAME:
            raise WrongState(
                "This is the token in the file admin-token, which keeps the door open to who owns the instance folder. To replace it, "
                "delete the file and start Estivador again: a new one is made, and this one opens nothing any more."
            )
        if token.opens_as_admin and not any(other.opens_as_admin for other in listing() if other.id != token_id):
            raise WrongState("This is the last token with the role admin, and without it nobody could make another: make one first.")
        note(Action.TOKEN_REVOKE, Kind.TOKEN, token_id, token.name)
        session.execute(db.delete(Token).where(Token.id == token_id))


def ensure_admin(folder: Path) -> None:
    """Make the admin token in `folder`/admin-token (mode 0600) if there is none, and let the record know it.

    The file decides: one that was deleted is made anew, and the token that was in it opens nothing any more.
    """
    path = folder / ADMIN_NAME
    if not path.exists():
        write_private(path, f"est_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}\n")
    match = _FORM.fullmatch(path.read_text().strip())
    if match is None:
        raise ValueError(f"{path} does not hold a token: delete the file, and a new one is made at the next start.")
    digest = _digest(match[2])
    with write() as session:
        if not session.execute(db.select(Token.id).where(Token.id == match[1], Token.digest == digest)).first():
            for replaced in session.execute(select(Token.id).where(Token.name == ADMIN_NAME)).scalars().all():
                note(Action.TOKEN_REVOKE, Kind.TOKEN, replaced, f"{ADMIN_NAME}, replaced by the one in the file")
            session.execute(db.delete(Token).where(Token.name == ADMIN_NAME))
            session.add(Token(id=match[1], name=ADMIN_NAME, role=Role.ADMIN, digest=digest, created_at=time.time()))
            note(Action.TOKEN_CREATE, Kind.TOKEN, match[1], f"{ADMIN_NAME}, {Role.ADMIN}, that of the file")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
