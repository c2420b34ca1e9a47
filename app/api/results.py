"""/result/: what became of the runs."""

from typing import Any

from flask import make_response
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.conditional import not_modified
from app.api.idempotent import idempotent
from app.api.schemas import ResultSchema
from app.schemas.filters import ResultFilterSchema
from app.schemas.requests import OperateSchema
from app.services import results
from app.states import Wish

blueprint = Blueprint("result", __name__, url_prefix="/result", description="Runs of tasks")


@blueprint.route("/")
class Results(MethodView):
    """The set of results."""

    @blueprint.arguments(ResultFilterSchema, location="query")
    @blueprint.response(200, ResultSchema(many=True))
    @blueprint.paginate()
    def get(self, filters: dict[str, Any], pagination_parameters: Any) -> Any:
        """List the results, newest first

        Filters: `status` (repeatable), `task_id`.
        """
        page = results.listing(pagination_parameters.page, pagination_parameters.page_size, **filters)
        pagination_parameters.item_count = page.total
        return page.rows


@blueprint.route("/<int:result_id>/")
class Result(MethodView):
    """One result."""

    @blueprint.response(200, ResultSchema)
    def get(self, result_id: int) -> Any:
        """Return a result

        QUEUED until an execution starts, RUNNING until all have ended; then ERROR if any ended so, else KILLED, else CANCELLED, else
        COMPLETE. `start` is the first start, `end` the last end once all have ended. The ETag is the revision, which rises with each change.
        """
        result = results.get(result_id)
        etag = str(result.revision)
        if not_modified(etag):
            return make_response("", 304, {"ETag": f'"{etag}"'})
        return result, 200, {"ETag": f'"{etag}"'}

    @idempotent(blueprint)
    @blueprint.arguments(OperateSchema)
    @blueprint.response(200, ResultSchema)
    def post(self, body: dict[str, Any], result_id: int) -> Any:
        """CANCEL or KILL a result

        CANCEL: what has not started becomes CANCELLED. KILL: that, and what runs is stopped (SIGTERM, the grace, SIGKILL) and becomes
        KILLED. The answer comes at once; what runs ends soon after. 409 where nothing is left to cancel or kill.
        """
        return results.stop(result_id, Wish(body["operation"]))
