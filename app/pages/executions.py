"""/ui/result/N/detail/M/: one execution. Its log is in logs.py."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from app.actions import Action
from app.door import does, needs
from app.errors import NotThere
from app.pages import live, logs
from app.pages.words import exit_meaning
from app.roles import Role
from app.services import attempts, combinations, commands, details, results, secret_environment, stopping, tasks
from app.states import Status, Wish

blueprint = Blueprint("executions", __name__)


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/")
@needs(Role.VIEWER)
def show(result_id: int, detail_id: int) -> Any:
    """Show an execution with its log."""
    context = _detail(result_id, detail_id)
    result, detail, task = context["result"], context["detail"], context["task"]
    attempt = logs.asked_for(detail)
    more = {"command": commands.docker_run(detail, result, task), "attempt": attempt, **logs.window(attempt)}
    return live.whole("detail/page.html", "detail/_live.html", **context, **more)


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/live")
@needs(Role.VIEWER)
def show_live(result_id: int, detail_id: int) -> Any:
    """Show its live region; where it is gone by now, say so and stop asking."""
    try:
        return live.part("detail/_live.html", **_detail(result_id, detail_id))
    except NotThere:
        return render_template("errors/_gone.html", what=f"Execution {detail_id}", back=url_for("ui.results.listing"))


def _detail(result_id: int, detail_id: int) -> dict[str, Any]:
    detail = details.get(result_id, detail_id)
    result = results.get(result_id)
    return {
        "detail": detail,
        "result": result,
        "task": tasks.get(result.task_id),
        "beside": details.neighbours(detail),
        "parameters": secret_environment.shown(result),
        "combination": combinations.of(result).at(detail.position),
        "meaning": exit_meaning(detail.exit_code),
        "attempts": attempts.of(detail),
    }


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/kill/")
@needs(Role.OPERATOR)
def ask_kill(result_id: int, detail_id: int) -> Any:
    """Ask before an execution is ended, or before it begins."""
    detail = details.get(result_id, detail_id)
    wish = Wish.CANCEL if detail.status == Status.QUEUED else Wish.KILL
    return render_template(
        "confirm/page.html",
        title=f"{wish.capitalize()} execution {detail.position} of result {result_id}?",
        consequence=_consequence(wish, detail.attempt),
        action=url_for("ui.executions.stop", result_id=result_id, detail_id=detail_id),
        fields={"operation": wish},
        back=url_for("ui.executions.show", result_id=result_id, detail_id=detail_id),
        keep="Let it run",
        verb=wish.capitalize(),
        symbol="circle-stop",
    )


def _consequence(wish: Wish, attempt: int) -> str:
    if wish == Wish.KILL:
        return "It is told to end, and after its grace it is ended: it becomes KILLED."
    return "It waits for another attempt, and ends as its last one did." if attempt > 1 else "It has not started, and becomes CANCELLED."


@blueprint.post("/ui/result/<int:result_id>/detail/<int:detail_id>/")
@needs(Role.OPERATOR)
@does(Action.EXECUTION_KILL, CANCEL=Action.EXECUTION_CANCEL)
def stop(result_id: int, detail_id: int) -> Any:
    """CANCEL or KILL one execution."""
    details.get(result_id, detail_id)
    stopping.stop(result_id, Wish.CANCEL if request.form.get("operation") == Wish.CANCEL else Wish.KILL, detail_id)
    return redirect(url_for("ui.executions.show", result_id=result_id, detail_id=detail_id), 303)
