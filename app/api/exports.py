"""/result/{id}/detail.csv and .ndjson: all executions of a result as a file."""

from collections.abc import Iterator
from typing import Any

from flask import Response
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.conditional import not_modified, of_revision
from app.door import needs
from app.roles import Role
from app.services import exports, results
from app.states import LIVE

blueprint = Blueprint("export", __name__, url_prefix="/result/<int:result_id>", description="All executions of a run as a file")


@blueprint.route("/detail.csv")
class Csv(MethodView):
    """The executions of a result as CSV."""

    @needs(Role.VIEWER)
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    def get(self, result_id: int) -> Any:
        """Return all executions of a result as CSV

        Streamed, by index, with a line of names first: the fields of an execution but `waits_for`. A text that a spreadsheet would run as
        a formula has an apostrophe before it. What is live is told as it stands when it is read.
        """
        return _file(result_id, "csv", "text/csv", exports.as_csv(result_id))


@blueprint.route("/detail.ndjson")
class Ndjson(MethodView):
    """The executions of a result as lines of JSON."""

    @needs(Role.VIEWER)
    @blueprint.response(200, {"type": "string"}, content_type="application/x-ndjson")
    def get(self, result_id: int) -> Any:
        """Return all executions of a result as JSON, one a line

        Streamed, by index: the fields of an execution but `waits_for`. What is live is told as it stands when it is read.
        """
        return _file(result_id, "ndjson", "application/x-ndjson", exports.as_ndjson(result_id))


def _file(result_id: int, ending: str, mimetype: str, text: Iterator[str]) -> Response:
    """Answer a file to be saved; of a result that has ended, with an ETag."""
    headers = {"Content-Disposition": f'attachment; filename="result-{result_id}.{ending}"', "X-Content-Type-Options": "nosniff"}
    result = results.get(result_id)
    if result.status not in LIVE:
        etag = of_revision(result.revision, ending)
        headers["ETag"] = f'"{etag}"'
        if not_modified(etag):
            return Response(status=304, headers=headers)
    return Response(text, mimetype=mimetype, headers=headers)
