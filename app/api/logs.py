"""/result/{id}/detail/{id}/log/: what an execution has written, as bytes."""

import select
import socket
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, stream_with_context
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.conditional import not_modified
from app.door import needs
from app.roles import Role
from app.schemas.filters import LogFilterSchema
from app.services import attempts, details, following, logs, tokens

blueprint = Blueprint("log", __name__, url_prefix="/result/<int:result_id>/detail/<int:detail_id>/log", description="What executions have written")


@blueprint.route("/")
class Log(MethodView):
    """The log of one execution."""

    @needs(Role.VIEWER)
    @blueprint.arguments(LogFilterSchema, location="query")
    @blueprint.response(200, {"type": "string"}, content_type="text/plain")
    @blueprint.alt_response(206, schema={"type": "string"}, content_type="text/plain", description="The bytes that Range asks for")
    @blueprint.refuses(410, 416)
    def get(self, filters: dict[str, Any], result_id: int, detail_id: int) -> Any:
        """Return the log of an execution as text

        While it runs and after. `stream=stdout` or `stderr` for one of the two, `tail=N` for the last lines, `after=N` for what
        follows line N, `timestamps=1` for times, `attempt=N` for an earlier attempt. `follow=1` goes on with what is written until the
        attempt has ended; 503 where too many logs are followed. `Range: bytes=…` gives a part. `X-Log-Truncated: 1` says that the log
        was longer than the cap, so its middle is missing. 410 where retention has removed it (`logs_removed_at`).
        """
        execution = details.get(result_id, detail_id)
        attempt = attempts.one(execution, filters.get("attempt"))
        view = logs.View(frozenset(filters["stream"].split(",")), filters.get("tail"), filters["after"], filters["timestamps"])
        logs.refuse_removed(attempt)
        headers = {
            "Content-Disposition": f'attachment; filename="{logs.file_name(execution, attempt.attempt)}"',
            "X-Content-Type-Options": "nosniff",
            "X-Log-Truncated": str(int(bool(attempt.log_truncated))),
        }
        if filters["follow"]:
            hung_up, token_id = _has_hung_up(), g.actor.token_id
            lines = following.follow(execution, filters.get("attempt"), view, lambda: hung_up() or not tokens.opens(token_id))
            return Response(stream_with_context(lines), mimetype="text/plain", headers=headers)
        if not attempt.is_live:
            headers["ETag"] = f'"{attempt.detail_id}-{attempt.attempt}-{attempt.status}"'
            if not_modified(headers["ETag"].strip('"')):
                return Response(status=304, headers=headers)
        response = Response(logs.read(attempt, view), mimetype="text/plain", headers={**headers, "Accept-Ranges": "bytes"})
        if "Range" in request.headers:
            # Read twice, and never held: a part of it is a part of so many bytes.
            length = sum(map(len, logs.read(attempt, view)))
            response.make_conditional(request, accept_ranges=True, complete_length=length)
        return response


def _has_hung_up() -> Callable[[], bool]:
    """Return what says whether the one who asked has hung up: a log that is silent for days would hold a thread for nobody."""
    connection: socket.socket | None = request.environ.get("gunicorn.socket")

    def has_hung_up() -> bool:
        if connection is None or not select.select([connection], [], [], 0)[0]:
            return False
        try:
            return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except OSError:
            return True

    return has_hung_up
