"""Running a task: its form, what it will do, and running a result again."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from app.errors import TaskNotReady, Unfit
from app.pages import live, parameters, task_page
from app.pages.forms import Form, typed
from app.pages.words import duration, executions
from app.services import combinations, forecasts, results, secret_environment, tasks
from app.services.parameters import MOST_TIMES, shown
from app.states import Status

blueprint = Blueprint("runs", __name__)


def run_form(task_id: int) -> Form:
    """Return the run form of a task with its defaults in it."""
    return Form({"times": "1", **parameters.text_of(tasks.get(task_id).parameters)})


def forecast(task_id: int, times: int) -> str:
    """Say what a run will do: `20 executions, 8 at once, about 40 s by past durations`."""
    found = forecasts.forecast(task_id, times)
    words = [executions(found.times), f"{found.at_once} at once"]
    words.append(f"about {duration(found.seconds)} by past durations" if found.seconds is not None else "no past durations to go by yet")
    if found.before:
        words.append(f"after {executions(found.before)} that wait already")
    return ", ".join(words)


@blueprint.get("/ui/task/<int:task_id>/forecast")
def show_forecast(task_id: int) -> str:
    """Return the forecast alone, for the number that is being typed."""
    text = request.args.get("times", "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= MOST_TIMES:
        return f"A whole number from 1 to {MOST_TIMES:,}."
    return forecast(task_id, int(text))


@blueprint.post("/ui/task/<int:task_id>/")
def run(task_id: int) -> Any:
    """RUN a task, and go to the result."""
    values = typed()
    asked, wrong = parameters.read_run(values)
    if wrong:
        return _again(task_id, Form(values, wrong)), 422
    # The form has no secret variables: those of the defaults go with it as they are.
    asked[secret_environment.KEY] = secret_environment.kept(tasks.get(task_id).secret_env)
    try:
        # The form showed the defaults, so what was cleared in it is meant to be gone.
        result = results.submit(task_id, asked.pop("times", 1), asked, with_defaults=False)
    except (TaskNotReady, Unfit) as error:
        return _again(task_id, Form(values, {"_task": [error.message]})), error.http_status
    return redirect(url_for("ui.results.show", result_id=result.id), 303)


def _again(task_id: int, form: Form) -> str:
    return live.whole("task/page.html", "task/_live.html", **task_page.context(task_id), form=form, forecast="")


@blueprint.get("/ui/result/<int:result_id>/rerun/")
def rerun_form(result_id: int) -> Any:
    """Show the form that runs a result again, with its parameters to edit."""
    result = results.get(result_id)
    values = {"times": str(_times(result)), **parameters.text_of(shown(result.parameters))}
    return render_template("result/rerun.html", result=result, task=tasks.get(result.task_id), form=Form(values))


def _times(result: Any) -> int:
    """Return what the form shows as a result's times: with a matrix, those of each combination."""
    plan = combinations.of(result)
    return plan.each if plan.matrix else int(result.times)


@blueprint.get("/ui/result/<int:result_id>/rerun/failed/")
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
def rerun(result_id: int) -> Any:
    """Run a result again: as it was, those that failed alone (`only`), or with what the form says (`edited`)."""
    values = typed()
    result = results.get(result_id)
    changes: dict[str, Any] = {}
    if values.pop("edited", None):
        asked, wrong = parameters.read_run(values)
        if wrong:
            return _edit_again(result_id, Form(values, wrong)), 422
        changes = {name: asked.get(name) for name in parameters.FIELDS}
        if asked.get("times", _times(result)) != _times(result):
            changes["times"] = asked["times"]
    only = [str(word) for word in Status if word in request.form.getlist("only")] or None
    try:
        again = results.rerun(result_id, only, changes)
    except Unfit as error:
        return _edit_again(result_id, Form(values, {"_form": [error.message]})), 422
    return redirect(url_for("ui.results.show", result_id=again.id), 303)


def _edit_again(result_id: int, form: Form) -> str:
    result = results.get(result_id)
    return render_template("result/rerun.html", result=result, task=tasks.get(result.task_id), form=form)


@blueprint.post("/ui/result/<int:result_id>/detail/<int:detail_id>/rerun/")
def rerun_one(result_id: int, detail_id: int) -> Any:
    """Run one execution again."""
    again = results.rerun(result_id, detail_id=detail_id)
    return redirect(url_for("ui.results.show", result_id=again.id), 303)
