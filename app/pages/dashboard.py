"""/ui/: what runs, what failed, and, where there is nothing yet, the way to a first run."""

from typing import Any

from flask import Blueprint, redirect, url_for

from app.pages import live
from app.pages.forms import Form
from app.services import overview, tasks

blueprint = Blueprint("dashboard", __name__)
EXAMPLE = "busybox"


@blueprint.get("/")
def front() -> Any:
    """Lead to the dashboard."""
    return redirect(url_for("ui.dashboard.show"))


@blueprint.get("/ui/")
def show() -> Any:
    """Show the dashboard."""
    found = overview.overview()
    extra = {} if found.tasks else {"form": Form({"repository": EXAMPLE}), "suggestions": tasks.suggestions()}
    return live.whole("dashboard/page.html", "dashboard/_live.html", found=found, **extra)


@blueprint.get("/ui/live")
def show_live() -> Any:
    """Show its live region."""
    return live.part("dashboard/_live.html", found=overview.overview())
