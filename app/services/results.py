"""What a user asks of results: submit a RUN, run it again, delete it, list, look. What stops them is in stopping."""

import time
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Integer, Row, Select, func, insert, literal, select

from app.actions import Action, Kind
from app.errors import NotThere, TaskNotReady, Unfit, WrongState
from app.extensions import db
from app.jobs import context, executions
from app.jobs.consumer import LOCAL_ENGINE
from app.jobs.doorbell import ring
from app.jobs.starting import OF_TIMES
from app.matrix import size
from app.models import Detail, Result, Task, note, write
from app.services import combinations, labels, removal, secret_environment, tasks
from app.services import parameters as run_parameters
from app.services.listing import Page, page_of
from app.services.result_filters import conditions, listed
from app.states import LIVE, Phase, Status, TaskStatus

RINGS = 8
"""Doorbells for one submission: as many launches at once as a consumer has workers by default."""


def submit(task_id: int, times: int = 1, parameters: dict[str, Any] | None = None, *, with_defaults: bool = True) -> Result:
    """RUN a task `times` times, with `parameters` over the task's defaults (or alone): the result and all its executions come to be in one transaction.

    With a matrix, `times` is how often each combination runs. Raises NotThere where there is no such task, TaskNotReady where its image
    is not in the Engine's store, Unfit where the parameters do not go together, make too many executions, or the settings do not allow
    them, SecretsClosed where a secret variable can't be decrypted.
    """
    others, secret = secret_environment.apart(parameters or {})
    with write():
        task = _ready(task_id)
        merged = run_parameters.merged(task.parameters if with_defaults else {}, others)
        run_parameters.check(merged, context.settings(), times)
        result = _add(task, times * size(merged.get("matrix")), merged)
        result.secret_env = secret.for_run(task, merged, with_defaults=with_defaults)
        _insert_details(result, _series(result.times))
        note(Action.RESULT_RUN, Kind.RESULT, result.id, f"times {result.times}, task {task.id} {task.name}")
        _ring_for(result)
    return result


def rerun(result_id: int, only: list[str] | None = None, changes: dict[str, Any] | None = None, detail_id: int | None = None) -> Result:
    """Run a result again, by the task's present image: all of it, its executions in the statuses `only`, or the one execution `detail_id`.

    Its parameters are the original's, with `changes` in place of the same keys; None removes a key. Each execution gets the index of the
    one it repeats, and finds the original's times in ESTIVADOR_TIMES. `times` among the changes, or another matrix, makes all anew from
    index 0: so many of each combination, or as many as there were.
    Raises what submit() does, WrongState where no execution is chosen, Unfit where what makes all anew meets a choice.
    """
    changes, secret = secret_environment.apart(changes or {})
    times = changes.pop("times", None)
    with write():
        original = get(result_id)
        task = _ready(original.task_id)
        parameters = run_parameters.changed(original.parameters, changes)
        anew = times is not None or combinations.differ(original.parameters, parameters)
        if anew and (only is not None or detail_id is not None):
            raise Unfit(_NOT_ANEW)
        each = times or combinations.of(original).each
        run_parameters.check(parameters, context.settings(), each if anew else None)
        chosen = None if anew else _chosen(result_id, only, detail_id)
        number = each * size(parameters.get("matrix")) if chosen is None else _number(chosen, result_id, only, detail_id)
        result = _add(task, number, run_parameters.changed(parameters, _of_times(original, number, fresh=anew)), rerun_of=result_id)
        result.secret_env = secret.for_rerun(original, parameters)
        _insert_details(result, _series(number) if chosen is None else chosen)
        _note_rerun(result, detail_id)
        _ring_for(result)
        removal.touch(result_id)
    return result


def _note_rerun(result: Result, detail_id: int | None) -> None:
    of = f"result {result.rerun_of}" if detail_id is None else f"execution {detail_id} of result {result.rerun_of}"
    note(Action.RESULT_RERUN if detail_id is None else Action.EXECUTION_RERUN, Kind.RESULT, result.id, f"times {result.times}, of {of}")


_NOT_ANEW = "`times` and `matrix` can't be changed where chosen executions are run again: each of them runs once more, with the index it had. Leave them out."
"""What is said to who wants to run chosen executions again, and others too."""


def _chosen(result_id: int, only: list[str] | None, detail_id: int | None) -> Select[Any]:
    """Select the positions of the executions that are to run again."""
    positions = select(Detail.position).where(Detail.result_id == result_id)
    if only is not None:
        positions = positions.where(Detail.status.in_(only))
    if detail_id is not None:
        positions = positions.where(Detail.id == detail_id)
    return positions.order_by(Detail.position)


def _number(chosen: Select[Any], result_id: int, only: list[str] | None, detail_id: int | None) -> int:
    """Count the chosen executions; raise NotThere or WrongState where there are none."""
    number = db.session.execute(select(func.count()).select_from(chosen.order_by(None).subquery())).scalar_one()
    if number == 0 and detail_id is not None and only is None:
        raise NotThere(f"Result {result_id} has no execution {detail_id}: GET /result/{result_id}/detail/ lists them.")
    if number == 0:
        raise WrongState(f"Result {result_id} has no execution that is {' or '.join(only or ['there'])}, so there is nothing to run again.")
    return number


def _of_times(original: Result, number: int, *, fresh: bool) -> dict[str, int | None]:
    """Return the internal parameter that carries ESTIVADOR_TIMES, where that is not the new result's own `times`."""
    of_times = original.parameters.get(OF_TIMES, original.times)
    return {OF_TIMES: None if fresh or of_times == number else of_times}


def _ready(task_id: int) -> Task:
    """Return a task that can run; raise NotThere or TaskNotReady."""
    task = tasks.get(task_id)
    if task.status != TaskStatus.READY or task.image_id is None:
        raise TaskNotReady(_not_ready(task_id, task.status, task.message))
    return task


def _not_ready(task_id: int, status: str, message: str | None) -> str:
    if status == TaskStatus.ERROR:
        return f'Task {task_id} is ERROR, so it can\'t run: {message} POST {{"operation": "IMPORT"}} to /task/{task_id}/ imports it again.'
    return f"Task {task_id} is {status}: its image is being imported; run it once GET /task/{task_id}/ says READY."


def _add(task: Task, times: int, parameters: dict[str, Any], rerun_of: int | None = None) -> Result:
    """Add the result's row and its labels; its executions are added next, in the same transaction."""
    parameters = labels.over(task, parameters)
    result = Result(
        task_id=task.id, status=Status.QUEUED, times=times, parameters=parameters, image_id=task.image_id, rerun_of=rerun_of,
        submitted_at=time.time(), queued=times, priority=parameters.get("priority", 0), parallel=parameters.get("parallel"),
        max_failures=parameters.get("max_failures"),
    )  # fmt: skip
    db.session.add(result)
    db.session.flush()
    labels.keep(result)
    return result


def _series(times: int) -> Select[Any]:
    """Let the database count from 0 to times - 1: a hundred thousand rows in a tenth of a second."""
    series = select(literal(0).label("position")).cte("series", recursive=True)
    series = series.union_all(select((series.c.position + 1).label("position")).where(series.c.position + 1 < times))
    return select(series.c.position.cast(Integer))


def _insert_details(result: Result, positions: Select[Any]) -> None:
    """Add an execution for each of the selected positions."""
    values: dict[str, Any] = {
        "result_id": result.id, "task_id": result.task_id, "engine_id": LOCAL_ENGINE, "status": Status.QUEUED, "phase": Phase.WAITING,
        "attempt": 1, "image_id": result.image_id, "submitted_at": result.submitted_at,
    }  # fmt: skip
    rows = positions.add_columns(*(literal(value) for value in values.values()))
    db.session.execute(insert(Detail).from_select(["position", *values], rows))


def _ring_for(result: Result) -> None:
    for _ in range(min(result.times, RINGS)):
        ring(executions.launch, LOCAL_ENGINE)


def delete(result_id: int) -> None:
    """Delete a result with its executions, their history and their logs: it is gone at once, what it leaves is removed by a job.

    Raises NotThere, and WrongState while it is live or a container of it is still to be removed.
    """
    with write():
        removal.delete_result(get(result_id))


def get(result_id: int) -> Result:
    """Return a result; raise NotThere where there is none with this id."""
    result = db.session.get(Result, result_id)
    if result is None or result.deleted_at is not None:
        raise NotThere(f"There is no result {result_id}: GET /result/ lists them.")
    return result


def reruns(result_id: int) -> list[int]:
    """Return the ids of the results that run this one again, oldest first."""
    return list(db.session.execute(select(Result.id).where(Result.rerun_of == result_id).order_by(Result.id)).scalars())


def listing(page: int, page_size: int, **filters: Any) -> Page:
    """List results, newest first, each with its `task_name`; the filters are those of result_filters.conditions()."""
    return page_of(listed().where(*conditions(**filters)), page, page_size)


def newest(statuses: Collection[str], number: int) -> Sequence[Row[Any]]:
    """Return the newest results that stand in `statuses`, at most `number`; rows as listing() gives them, without counting the rest."""
    # Of the ended there are many: read them from the end, not all of them by their status.
    which = Result.status.in_(statuses) if LIVE.issuperset(statuses) else Result.status.not_in({*Status} - {*statuses})
    return db.session.execute(listed().where(which).limit(number)).all()
