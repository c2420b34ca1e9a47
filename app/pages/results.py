"""/ui/result/: what became of the runs."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from app.actions import Action
from app.door import does, may, needs
from app.errors import NotThere, WrongState
from app.pages import live, queries
from app.pages.filters import with_query
from app.pages.forms import expected
from app.pages.marks import mark_of
from app.pages.words import executions, number_of
from app.roles import Role
from app.services import combinations, details, exports, figures, removal, results, secret_environment, stopping, tasks, waiting
from app.services.outcomes import success_rate
from app.states import LIVE, Status, Wish

blueprint = Blueprint("results", __name__)
FAILURES = 5
"""Failed executions that a result's page leads to at once."""


@blueprint.get("/ui/result/")
@needs(Role.VIEWER)
def listing() -> Any:
    """List the results."""
    return live.whole("result/list.html", "result/_list_live.html", **_list())


@blueprint.get("/ui/result/live")
@needs(Role.VIEWER)
def listing_live() -> Any:
    """List them in the live region."""
    return live.part("result/_list_live.html", **_list())


def _list() -> dict[str, Any]:
    asked = queries.results()
    found = results.listing(asked.page, queries.PAGE_SIZE, **asked.filters)
    return {"rows": found.rows, "total": found.total, "asked": asked}


@blueprint.get("/ui/result/stop/")
@needs(Role.OPERATOR)
def ask_stop_selected() -> Any:
    """Ask before everything that the filter selects is cancelled or killed."""
    wish, asked = _wish(request.args), queries.selected()
    count = stopping.count_selected(wish, **asked.filters)
    if not count:
        raise WrongState(f"None of the results that the filter selects has anything left to {wish.lower()}.")
    return render_template(
        "confirm/page.html",
        title=f"{wish.capitalize()} {number_of(count, 'result')}?",
        consequence=f"{queries.in_words(asked)} {CONSEQUENCES[wish]}",
        action=url_for("ui.results.stop_selected") + with_query(operation=None),
        fields={"operation": wish, "expect": count},
        back=url_for("ui.results.listing") + with_query(operation=None),
        keep="Leave them",
        verb=f"{wish.capitalize()} {count:,}",
        symbol=SYMBOLS[wish],
    )


@blueprint.post("/ui/result/stop/")
@needs(Role.OPERATOR)
@does(Action.RESULT_CANCEL, KILL=Action.RESULT_KILL)
def stop_selected() -> Any:
    """Cancel or kill what the filter selects, if it is as many as the person was shown."""
    wish, asked = _wish(request.form), queries.selected()
    count = stopping.stop_selected(wish, expect=expected(), **asked.filters)
    flash(f"{wish.capitalize()} is on its way for {number_of(count, 'result')}.", "good")
    return redirect(url_for("ui.results.listing") + with_query(), 303)


@blueprint.get("/ui/result/delete/")
@needs(Role.OPERATOR)
def ask_delete_selected() -> Any:
    """Ask before every ended result that the filter selects is deleted."""
    asked = queries.selected()
    count, times = removal.count_selected(**asked.filters)
    if not count:
        raise WrongState("None of the results that the filter selects has ended, so there is nothing to delete. What is live is cancelled or killed first.")
    return render_template(
        "confirm/page.html",
        title=f"Delete {number_of(count, 'ended result')}?",
        consequence=f"{queries.in_words(asked)} The record of {executions(times)} goes, with all logs. What is live stays. This can't be undone.",
        action=url_for("ui.results.delete_selected") + with_query(),
        fields={"expect": count},
        back=url_for("ui.results.listing") + with_query(),
        keep="Keep them",
        verb=f"Delete {count:,}",
        symbol="trash-2",
    )


@blueprint.post("/ui/result/delete/")
@needs(Role.OPERATOR)
@does(Action.RESULT_DELETE)
def delete_selected() -> Any:
    """Delete the ended results that the filter selects, if they are as many as the person was shown."""
    count = removal.delete_selected(expect=expected(), **queries.selected().filters)
    flash(f"{number_of(count, 'result')} {'is' if count == 1 else 'are'} deleted.", "good")
    return redirect(url_for("ui.results.listing") + with_query(), 303)


CONSEQUENCES = {
    Wish.CANCEL: "What waits is not started and becomes CANCELLED; what waits for another attempt ends as its last one did. What runs goes on.",
    Wish.KILL: "What waits becomes CANCELLED; what waits for another attempt ends as its last one did. "
    "What runs is told to end, and after its grace it is ended: it becomes KILLED.",
}
SYMBOLS = {Wish.CANCEL: "circle-slash", Wish.KILL: "circle-stop"}


def _wish(values: Any) -> Wish:
    return Wish.KILL if values.get("operation") == Wish.KILL else Wish.CANCEL


@blueprint.get("/ui/result/<int:result_id>/")
@needs(Role.VIEWER)
def show(result_id: int) -> Any:
    """Show a result."""
    context = _result(result_id)
    return live.whole("result/page.html", "result/_live.html", _etag(context["result"]), **context, reruns=results.reruns(result_id))


@blueprint.get("/ui/result/<int:result_id>/live")
@needs(Role.VIEWER)
def show_live(result_id: int) -> Any:
    """Show its live region; where the result is gone by now, say so and stop asking."""
    try:
        etag = _etag(results.get(result_id))
        return live.unchanged(etag) or live.part("result/_live.html", etag, **_result(result_id))
    except NotThere:
        return render_template("errors/_gone.html", what=f"Result {result_id}", back=url_for("ui.results.listing"))


def _etag(result: Any) -> str:
    """Why something waits may change while its result does not; and who reads alone is shown less, in whose browser another may have been signed in."""
    return live.revision(result.revision, waiting.mark(result) + ("" if may(Role.OPERATOR) else "reads"))


def _result(result_id: int) -> dict[str, Any]:
    result = results.get(result_id)
    plan = combinations.of(result)
    asked = queries.details(plan)
    return {
        "result": result,
        "combinations": plan,
        "task": tasks.get(result.task_id),
        "parameters": secret_environment.shown(result),
        "asked": asked,
        "found": details.listing(result_id, asked.page, queries.DETAILS, **asked.filters),
        "failures": details.listing(result_id, 1, FAILURES, status=[Status.ERROR]).rows if result.error else [],
        "grid": figures.grid(result),
        "figures": figures.of(result),
        "success_rate": success_rate(result.counts),
        "wait": waiting.of_result(result),
        "mark": mark_of(result.counts) if result.status in LIVE else mark_of({Status(result.status): 1}),
    }


@blueprint.get("/ui/result/<int:result_id>/at/<int:place>")
@needs(Role.VIEWER)
def at(result_id: int, place: int) -> Any:
    """Lead from a place in the grid to its execution."""
    return redirect(url_for("ui.executions.show", result_id=result_id, detail_id=details.at(result_id, place)))


@blueprint.get("/ui/result/<int:result_id>/cancel/")
@needs(Role.OPERATOR)
def ask_cancel(result_id: int) -> Any:
    """Ask before what waits is cancelled."""
    return _ask_stop(result_id, Wish.CANCEL)


@blueprint.get("/ui/result/<int:result_id>/kill/")
@needs(Role.OPERATOR)
def ask_kill(result_id: int) -> Any:
    """Ask before what runs is killed."""
    return _ask_stop(result_id, Wish.KILL)


def _ask_stop(result_id: int, wish: Wish) -> str:
    result = results.get(result_id)
    return render_template(
        "confirm/page.html",
        title=f"Cancel what waits of result {result_id}?" if wish == Wish.CANCEL else f"Kill result {result_id}?",
        consequence=f"{executions(result.queued)} waiting, {executions(result.running)} running. {CONSEQUENCES[wish]}",
        action=url_for("ui.results.stop", result_id=result_id),
        fields={"operation": wish},
        back=url_for("ui.results.show", result_id=result_id),
        keep="Let it run",
        verb=f"Cancel {result.queued:,}" if wish == Wish.CANCEL else f"Kill {result.queued + result.running:,}",
        symbol=SYMBOLS[wish],
    )


@blueprint.post("/ui/result/<int:result_id>/")
@needs(Role.OPERATOR)
@does(Action.RESULT_CANCEL, KILL=Action.RESULT_KILL)
def stop(result_id: int) -> Any:
    """CANCEL or KILL a result."""
    stopping.stop(result_id, _wish(request.form))
    return redirect(url_for("ui.results.show", result_id=result_id), 303)


@blueprint.get("/ui/result/<int:result_id>/delete/")
@needs(Role.OPERATOR)
def ask_delete(result_id: int) -> Any:
    """Ask before a result is deleted."""
    result = results.get(result_id)
    return render_template(
        "confirm/page.html",
        title=f"Delete result {result_id}?",
        consequence=f"The record of its {executions(result.times)} goes, with all logs. This can't be undone.",
        action=url_for("ui.results.delete", result_id=result_id),
        fields={},
        back=url_for("ui.results.show", result_id=result_id),
        keep="Keep it",
        verb="Delete",
        symbol="trash-2",
    )


@blueprint.post("/ui/result/<int:result_id>/delete/")
@needs(Role.OPERATOR)
@does(Action.RESULT_DELETE)
def delete(result_id: int) -> Any:
    """Delete a result."""
    results.delete(result_id)
    flash(f"Result {result_id} is deleted.", "good")
    return redirect(url_for("ui.results.listing"), 303)


@blueprint.get("/ui/result/<int:result_id>/detail.<any(csv, ndjson):form>")
@needs(Role.VIEWER)
def download(result_id: int, form: str) -> Response:
    """Give all executions as a file."""
    rows = exports.as_csv(result_id) if form == "csv" else exports.as_ndjson(result_id)
    headers = {"Content-Disposition": f'attachment; filename="result-{result_id}.{form}"'}
    # Without the request's context: its read transaction would stay open for as long as somebody downloads.
    return Response(rows, mimetype="text/csv" if form == "csv" else "application/x-ndjson", headers=headers)
