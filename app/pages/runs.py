"""Running a task: its form, what it will do, and running a result again."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from app.actions import Action
from app.door import does, needs
from app.errors import TaskNotReady, Unfit
from app.pages import live, parameters, task_page
from app.pages.forms import Form, typed
from app.pages.words import BY, duration, executions
from app.roles import Role
from app.services import combinations, forecasts, results, secret_environment, tasks
from app.services.parameters import MOST_TIMES
from app.states import Status

blueprint = Blueprint("runs", __name__)


def run_form(task: Any) -> Form:
    """Return the run form of a task with its defaults in it."""
    return Form({"times": "1", **parameters.text_of(secret_environment.shown(task))})


def forecast(task_id: int, asked: dict[str, Any]) -> str:
    """Say what a run will do: `18 executions, 8 at once, about 40 s by past durations`, and how a matrix makes so many."""
    found = forecasts.forecast(task_id, asked.get("times", 1), asked.get("matrix"), asked.get("parallel"))
    number = executions(found.executions)
    words = [f"{found.combinations:,} combinations {BY} {found.times:,} times = {number}" if found.combinations > 1 else number]
    words.append(f"{found.at_once} at once")
    words.append(f"about {duration(found.seconds)} by past durations" if found.seconds is not None else "no past durations to go by yet")
    if found.before:
        words.append(f"after {executions(found.before)} that wait already")
    return ", ".join(words)


@blueprint.post("/ui/task/<int:task_id>/forecast")
@needs(Role.OPERATOR)
@does(None)
def show_forecast(task_id: int) -> str:
    """Return the forecast alone, for what is being typed; a POST, because a matrix may be longer than an address."""
    text = request.form.get("times", "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= MOST_TIMES:
        return f"A whole number from 1 to {MOST_TIMES:,}."
    asked, wrong = parameters.read_run({name: value for name, value in typed().items() if name in FORECAST})
    return next((f"{parameters.label(name)}: {' '.join(sentences)}" for name, sentences in wrong.items()), None) or forecast(task_id, asked)


FORECAST = ("times", "parallel", "matrix")
"""The fields that decide how many executions there are and how many at once."""


@blueprint.post("/ui/task/<int:task_id>/")
@needs(Role.OPERATOR)
@does(Action.RESULT_RUN)
def run(task_id: int) -> Any:
    """RUN a task, and go to the result."""
    values, task = typed(), tasks.get(task_id)
    asked, wrong = parameters.read(values, task.secret_env)
    if wrong:
        return _again(task, values, wrong), 422
    try:
        # The form showed the defaults, so what was cleared in it is meant to be gone.
        result = results.submit(task_id, asked.pop("times", 1), asked, with_defaults=False)
    except (TaskNotReady, Unfit) as error:
        return _again(task, values, {"_task": [error.message]}), error.http_status
    return redirect(url_for("ui.results.show", result_id=result.id), 303)


def _again(task: Any, values: dict[str, str], wrong: dict[str, list[str]]) -> str:
    form = parameters.form_of(values, wrong, task.secret_env)
    return live.whole("task/page.html", "task/_live.html", **task_page.context(task.id), form=form, forecast="")


@blueprint.get("/ui/result/<int:result_id>/rerun/")
@needs(Role.OPERATOR)
def rerun_form(result_id: int) -> Any:
    """Show the form that runs a result again, with its parameters to edit."""
    result = results.get(result_id)
    return _rerun_form(result, Form({"times": str(_times(result)), **parameters.text_of(secret_environment.shown(result))}))


def _rerun_form(result: Any, form: Form) -> str:
    return render_template("result/rerun.html", result=result, task=tasks.get(result.task_id), form=form)


def _times(result: Any) -> int:
    """Return what the form shows as a result's times: with a matrix, those of each combination."""
    plan = combinations.of(result)
    return plan.each if plan.matrix else int(result.times)


@blueprint.get("/ui/result/<int:result_id>/rerun/failed/")
@needs(Role.OPERATOR)
def ask_rerun_failed(result_id: int) -> Any:
    """Ask before those that failed run again."""
    result = results.get(result_id)
    return render_template(
        "confirm/page.html",
        title=f"Run the {result.error:,} failed of result {result_id} again?",
        consequence=f"A new result of {executions(result.error)}, each with the index and the parameters it had. Result {result_id} stays as it is.",
        action=url_for("ui.runs.rerun", result_id=result_id),
        fields={"only": Status.ERROR},
        back=url_for("ui.results.show", result_id=result_id),
        verb="Run again",
        symbol="rotate-cw",
    )


@blueprint.post("/ui/result/<int:result_id>/rerun/")
@needs(Role.OPERATOR)
@does(Action.RESULT_RERUN)
def rerun(result_id: int) -> Any:
    """Run a result again: as it was, those that failed alone (`only`), or with what the form says (`edited`)."""
    values = typed()
    result = results.get(result_id)
    changes: dict[str, Any] = {}
    if values.pop("edited", None):
        asked, wrong = parameters.read(values, result.secret_env)
        if wrong:
            return _edit_again(result, values, wrong), 422
        changes = {name: asked.get(name) for name in parameters.FIELDS}
        if asked.get("times", _times(result)) != _times(result):
            changes["times"] = asked["times"]
    only = [str(word) for word in Status if word in request.form.getlist("only")] or None
    try:
        again = results.rerun(result_id, only, changes)
    except Unfit as error:
        return _edit_again(result, values, {"_form": [error.message]}), 422
    return redirect(url_for("ui.results.show", result_id=again.id), 303)


def _edit_again(result: Any, values: dict[str, str], wrong: dict[str, list[str]]) -> str:
    return _rerun_form(result, parameters.form_of(values, wrong, result.secret_env))


@blueprint.post("/ui/result/<int:result_id>/detail/<int:detail_id>/rerun/")
@needs(Role.OPERATOR)
@does(Action.EXECUTION_RERUN)
def rerun_one(result_id: int, detail_id: int) -> Any:
    """Run one execution again."""
    again = results.rerun(result_id, detail_id=detail_id)
    return redirect(url_for("ui.results.show", result_id=again.id), 303)
