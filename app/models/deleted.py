"""What is deleted is not there: every SELECT of results and tasks leaves out what stands deleted, whoever writes it.

A row with a `deleted_at` waits for the job that removes it. Nobody has to remember to leave it out: the condition is added to each query that
names Result or Task, also in a join or a subquery. The few that mean such rows say so by `execution_options(**WITH_DELETED)`.
Queries of the `__table__` of Result or Task would go past this; a test holds that there are none.
"""

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from app.extensions import db
from app.models.result import Result
from app.models.task import Task

WITH_DELETED = {"with_deleted": True}

_VISIBLE = tuple(with_loader_criteria(model, model.deleted_at.is_(None), include_aliases=True) for model in (Result, Task))


@event.listens_for(db.session, "do_orm_execute")
def _leave_out_deleted(state: ORMExecuteState) -> None:
    # The refresh of a row that is held already (a column load) asks for that very row.
    if state.is_select and not state.is_column_load and not state.execution_options.get("with_deleted"):
        state.statement = state.statement.options(*_VISIBLE)
