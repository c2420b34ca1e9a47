"""/ui/retention/: what is kept and for how long, what goes next, what housekeeping did."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from app.actions import Action
from app.door import does, needs
from app.errors import WrongState
from app.pages import live
from app.pages.forms import expected
from app.pages.words import executions, number_of, size
from app.roles import Role
from app.services import retention

blueprint = Blueprint("retention", __name__)


@blueprint.get("/ui/retention/")
@needs(Role.VIEWER)
def show() -> Any:
    """Show retention."""
    return live.whole("retention/page.html", "retention/_live.html", found=retention.look())


@blueprint.get("/ui/retention/live")
@needs(Role.VIEWER)
def show_live() -> Any:
    """Show its live region."""
    return live.part("retention/_live.html", found=retention.look())


@blueprint.get("/ui/retention/tidy/")
@needs(Role.ADMIN)
def ask_tidy() -> Any:
    """Ask before what is due is removed."""
    due = retention.due()
    if not due.count:
        raise WrongState("Nothing is above the limits, so there is nothing to tidy.")
    parts = [
        f"{number_of(due.results, 'result')} with {executions(due.executions)}" if due.results else "",
        f"the logs of {number_of(due.logs, 'result')} ({size(due.logs_bytes)})" if due.logs else "",
        number_of(due.images, "image") if due.images else "",
    ]
    return render_template(
        "confirm/page.html",
        title="Tidy now?",
        consequence=f"What is above the limits goes: {', '.join(part for part in parts if part)}. This can't be undone.",
        action=url_for("ui.retention.tidy"),
        fields={"expect": due.count},
        back=url_for("ui.retention.show"),
        keep="Not now",
        verb=f"Remove {due.count:,}",
        symbol="trash-2",
    )


@blueprint.post("/ui/retention/tidy/")
@needs(Role.ADMIN)
@does(Action.RETENTION_TIDY)
def tidy() -> Any:
    """Have the housekeeping done now, if as much is due as the person was shown."""
    due = retention.tidy(expected())
    flash(f"Housekeeping is on its way: {number_of(due.count, 'thing')} to remove.", "good")
    return redirect(url_for("ui.retention.show"), 303)
