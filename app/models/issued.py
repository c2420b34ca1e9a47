"""Which ids were ever given: one that was, and has no row, was deleted."""

from sqlalchemy import text

from app.extensions import db


def last_detail_id() -> int:
    """Return the highest id that an execution of this record ever had, 0 where there was none. No id comes again."""
    asked = "SELECT seq FROM sqlite_sequence WHERE name = 'detail'" if db.engine.dialect.name == "sqlite" else "SELECT last_value FROM detail_id_seq"
    return int(db.session.execute(text(asked)).scalar() or 0)
