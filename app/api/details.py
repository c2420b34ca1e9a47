"""/result/{id}/detail/: the executions of a result, and their logs."""

from typing import Any

from flask import Response
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.conditional import not_modified
from app.api.idempotent import idempotent
from app.api.results import rerun_answer
from app.api.schemas import DetailSchema, OneDetailSchema, SubmittedSchema
from app.schemas.filters import DetailFilterSchema, LogFilterSchema
from app.schemas.requests import OperateDetailSchema
from app.services import attempts, details, logs, results
from app.states import Wish

blueprint = Blueprint("detail", __name__, url_prefix="/result/<int:result_id>/detail", description="Executions of a run")


@blueprint.route("/")
class Details(MethodView):
    """The executions of a result."""

    @blueprint.arguments(DetailFilterSchema, location="query")
    @blueprint.response(200, DetailSchema(many=True))
    @blueprint.paginate()
    def get(self, filters: dict[str, Any], result_id: int, pagination_parameters: Any) -> Any:
        """List the executions of a result, by their index

        Filters: `status` and `reason` (repeatable), `exit_code`, `index`, `matrix` (NAME=VALUE of the run's matrix, repeatable: of one name
        either value, of several all). `env` is the execution's combination.
        """
        page = details.listing(result_id, pagination_parameters.page, pagination_parameters.page_size, **filters)
        pagination_parameters.item_count = page.total
        return page.rows


@blueprint.route("/<int:detail_id>/")
class Detail(MethodView):
    """One execution."""

    @blueprint.response(200, OneDetailSchema)
    def get(self, result_id: int, detail_id: int) -> Any:
        """Return one execution

        `start` and `end` are the Engine's own, of its current attempt. `reason` tells what the program did (exit, oom) from what the
        Engine or a user did. `attempts` are all of them, the current one last. `waits_for` says why one that is QUEUED does not run yet.
        """
        return details.get(result_id, detail_id)

    @idempotent(blueprint)
    @blueprint.arguments(OperateDetailSchema)
    @blueprint.response(200, DetailSchema)
    @blueprint.alt_response(201, schema=SubmittedSchema, description="RERUN: the new result's id; its address is in Location")
    def post(self, body: dict[str, Any], result_id: int, detail_id: int) -> Any:
        """CANCEL or KILL one execution, or RERUN it

        As for a result, for this execution alone: RERUN makes a result with this one execution, by its index.
        """
        details.get(result_id, detail_id)
        operation = body.pop("operation")
        if operation == "RERUN":
            return rerun_answer(results.rerun(result_id, changes=body, detail_id=detail_id))
        results.stop(result_id, Wish(operation), detail_id)
        return details.get(result_id, detail_id)


@blueprint.route("/<int:detail_id>/log/")
class Log(MethodView):
    """The log of one execution."""

    @blueprint.arguments(LogFilterSchema, location="query")
    @blueprint.response(200, {"type": "string"}, content_type="text/plain")
    def get(self, filters: dict[str, Any], result_id: int, detail_id: int) -> Any:
        """Return the log of an execution as text

        While it runs and after. `stream=stdout` or `stderr` for one of the two, `tail=N` for the last lines, `after=N` for what
        follows line N, `timestamps=1` for times, `attempt=N` for an earlier attempt. `X-Log-Truncated: 1` says that the log was longer
        than the cap, so its middle is missing. 410 where retention has removed it (`logs_removed_at`).
        """
        detail = attempts.one(details.get(result_id, detail_id), filters.get("attempt"))
        view = logs.View(frozenset(filters["stream"].split(",")), filters.get("tail"), filters["after"], filters["timestamps"])
        logs.refuse_removed(detail)
        headers = {"X-Content-Type-Options": "nosniff", "X-Log-Truncated": str(int(bool(detail.log_truncated)))}
        if not detail.is_live:
            headers["ETag"] = f'"{detail.detail_id}-{detail.attempt}-{detail.status}"'
            if not_modified(headers["ETag"].strip('"')):
                return Response(status=304, headers=headers)
        return Response(logs.read(detail, view), mimetype="text/plain", headers=headers)
