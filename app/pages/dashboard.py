"""/ui/: what runs, what failed, and, where there is nothing yet, the way to a first run."""

from typing import Any

from flask import Blueprint, redirect, url_for

from app.door import may, needs
from app.pages import live
from app.pages.forms import Form
from app.roles import Role
from app.services import overview, tasks

blueprint = Blueprint("dashboard", __name__)
EXAMPLE = "busybox"


@blueprint.get("/")
@blueprint.get("/ui")
@needs(Role.VIEWER)
def front() -> Any:
    """Lead to the dashboard."""
    return redirect(url_for("ui.dashboard.show"))


@blueprint.get("/ui/")
@needs(Role.VIEWER)
def show() -> Any:
    """Show the dashboard."""
    found = overview.overview()
    extra = _first_steps() if not found.tasks and may(Role.OPERATOR) else {}
    return live.whole("dashboard/page.html", "dashboard/_live.html", found=found, **extra)


def _first_steps() -> dict[str, Any]:
    """The form of the first step, with an image in it that the Engine has already, if it has one."""
    suggestions = tasks.suggestions()
    return {"form": Form({"repository": suggestions[0] if suggestions else EXAMPLE}), "suggestions": suggestions}


@blueprint.get("/ui/live")
@needs(Role.VIEWER)
def show_live() -> Any:
    """Show its live region."""
    return live.part("dashboard/_live.html", found=overview.overview())
