"""What a failure of the database means for who asked: busy, or full. The same for API and pages."""

from sqlalchemy.exc import OperationalError

from app.models import is_busy

FULL = ("database or disk is full", "disk I/O error")


def verdict(error: Exception) -> tuple[int, str] | None:
    """Return HTTP status and a sentence for an error of the database that whoever asked can do something about; None for any other."""
    if is_busy(error):
        return 503, "The database is busy: nothing was changed. Try again."
    text = str(error.orig) if isinstance(error, OperationalError) else ""
    if any(sign in text for sign in FULL):
        return 507, "The disk that holds the record is full: nothing was changed. Make room, then try again."
    return None
