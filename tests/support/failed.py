"""For tests of statistics: what is known of executions that ended, written into the rows of tests/support/rows.py."""

from typing import Any

from sqlalchemy import update

from app.extensions import db
from app.models import Detail


def known(result_id: int, *positions: int, **values: Any) -> None:
    """Write columns of these executions of a result; of all of them where no position is given."""
    which = [Detail.result_id == result_id, *([Detail.position.in_(positions)] if positions else [])]
    db.session.execute(update(Detail).where(*which).values(**values).execution_options(synchronize_session=False))
    db.session.commit()


def failed(result_id: int, *positions: int, line: str | None = None, ending: str | None = None, exit_code: int | None = 3, reason: str = "exit") -> None:
    """Write how these executions failed."""
    known(result_id, *positions, exit_code=exit_code, reason=reason, last_line=line, ending=ending or line)
