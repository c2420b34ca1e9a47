"""/result/{id}/detail/: the executions of a result."""

from typing import Any

from flask.views import MethodView

from app.actions import Action
from app.api.blueprint import Blueprint
from app.api.idempotent import idempotent
from app.api.results import rerun_answer
from app.api.schemas import DetailSchema, OneDetailSchema, SubmittedSchema
from app.door import does, needs
from app.roles import Role
from app.schemas.filters import DetailFilterSchema
from app.schemas.requests import OperateDetailSchema
from app.services import details, results, stopping
from app.states import Wish

blueprint = Blueprint("detail", __name__, url_prefix="/result/<int:result_id>/detail", description="Executions of a run")


@blueprint.route("/")
class Details(MethodView):
    """The executions of a result."""

    @needs(Role.VIEWER)
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

    @needs(Role.VIEWER)
    @blueprint.response(200, OneDetailSchema)
    def get(self, result_id: int, detail_id: int) -> Any:
        """Return one execution

        `start` and `end` are the Engine's own, of its current attempt. `reason` tells what the program did (exit, oom) from what the
        Engine or a user did. `attempts` are all of them, the current one last. `waits_for` says why one that is QUEUED does not run yet.
        """
        return details.get(result_id, detail_id)

    @needs(Role.OPERATOR)
    @does(Action.UNKNOWN, CANCEL=Action.EXECUTION_CANCEL, KILL=Action.EXECUTION_KILL, RERUN=Action.EXECUTION_RERUN)
    @idempotent(blueprint)
    @blueprint.arguments(OperateDetailSchema)
    @blueprint.response(200, DetailSchema)
    @blueprint.alt_response(201, schema=SubmittedSchema, description="RERUN: the new result's id; its address is in Location")
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any], result_id: int, detail_id: int) -> Any:
        """CANCEL or KILL one execution, or RERUN it

        As for a result, for this execution alone: one that waits for another attempt ends as its last one did.
        RERUN makes a result with this one execution, by its index.
        """
        details.get(result_id, detail_id)
        operation = body.pop("operation")
        if operation == "RERUN":
            return rerun_answer(results.rerun(result_id, changes=body, detail_id=detail_id))
        stopping.stop(result_id, Wish(operation), detail_id)
        return details.get(result_id, detail_id)
