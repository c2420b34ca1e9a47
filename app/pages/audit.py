"""/ui/audit/: who changed what."""

from typing import Any

from flask import Blueprint, Response, render_template, url_for

from app.actions import Action, Kind, Outcome, Via
from app.door import needs
from app.pages import queries
from app.roles import Role
from app.services import audit, audit_export

blueprint = Blueprint("audit", __name__)
WORDS = {"actions": [*Action], "kinds": [*Kind], "outcomes": [*Outcome], "ways": [*Via]}


@blueprint.get("/ui/audit/")
@needs(Role.ADMIN)
def listing() -> Any:
    """List the rows."""
    asked = queries.audit()
    found = audit.listing(asked.page, queries.PAGE_SIZE, **asked.filters)
    places = {key: _place(*key, ids) for key, ids in audit.still_there(found.rows).items()}
    return render_template("audit/page.html", rows=found.rows, total=found.total, asked=asked, places=places, **WORDS)


def _place(kind: str, object_id: str, ids: Any) -> str:
    """Return the address of what a row is about."""
    if kind == Kind.TASK:
        return url_for("ui.tasks.show", task_id=object_id)
    if kind == Kind.RESULT:
        return url_for("ui.results.show", result_id=object_id)
    return url_for("ui.executions.show", result_id=ids.result_id, detail_id=object_id)


@blueprint.get("/ui/audit.ndjson")
@needs(Role.ADMIN)
def download() -> Response:
    """Give what the filters let through as a file."""
    rows = audit_export.as_ndjson(**queries.audit().filters)
    # Without the request's context: its read transaction would stay open for as long as somebody downloads.
    return Response(rows, mimetype="application/x-ndjson", headers={"Content-Disposition": 'attachment; filename="audit.ndjson"'})
