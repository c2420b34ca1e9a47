"""/result/: what became of the runs."""

from typing import Any

from flask import jsonify, make_response, url_for
from flask.views import MethodView

from app.actions import Action
from app.api.blueprint import Blueprint
from app.api.conditional import not_modified, of_revision
from app.api.idempotent import idempotent
from app.api.schemas import CountSchema, OneResultSchema, ResultSchema, SubmittedSchema
from app.door import does, needs
from app.roles import Role
from app.schemas.filters import ResultFilterSchema
from app.schemas.requests import OperateResultSchema, OperateResultsSchema
from app.services import figures, removal, results, stopping
from app.states import Wish

blueprint = Blueprint("result", __name__, url_prefix="/result", description="Runs of tasks")


@blueprint.route("/")
class Results(MethodView):
    """The set of results."""

    @needs(Role.VIEWER)
    @blueprint.arguments(ResultFilterSchema, location="query")
    @blueprint.response(200, ResultSchema(many=True))
    @blueprint.paginate()
    def get(self, filters: dict[str, Any], pagination_parameters: Any) -> Any:
        """List the results, newest first

        Filters: `status` (repeatable), `task_id`, `from` and `to` (of `submitted_at`), `text` (part of the task's name or repository, or an id),
        `label` (NAME=VALUE, or NAME whatever its value; repeatable, all must hold), `image_id`.
        """
        page = results.listing(pagination_parameters.page, pagination_parameters.page_size, **filters)
        pagination_parameters.item_count = page.total
        return page.rows

    @needs(Role.OPERATOR)
    @does(Action.UNKNOWN, CANCEL=Action.RESULT_CANCEL, KILL=Action.RESULT_KILL, DELETE=Action.RESULT_DELETE)
    @idempotent(blueprint)
    @blueprint.arguments(OperateResultsSchema)
    @blueprint.response(200, CountSchema)
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any]) -> Any:
        """CANCEL or KILL every live result that a filter selects, or DELETE every ended one

        The filters are the list's, in the body; without any, all are meant. What waits for another attempt ends as its
        last one did. For CANCEL those count that have something left that waits, for
        DELETE those that have ended and whose containers are removed, which is a few seconds later. `expect` is the number you mean: 409
        with the present number, and nothing is done, where it differs.
        Many are stopped in parts; a request that was cut off in the middle goes on when it is sent again with its Idempotency-Key.
        """
        operation = body.pop("operation")
        if operation == "DELETE":
            return {"count": removal.delete_selected(**body)}
        return {"count": stopping.stop_selected(Wish(operation), **body)}


@blueprint.route("/<int:result_id>/")
class Result(MethodView):
    """One result."""

    @needs(Role.VIEWER)
    @blueprint.response(200, OneResultSchema)
    def get(self, result_id: int) -> Any:
        """Return a result

        QUEUED until an execution starts, RUNNING until all have ended; then ERROR if any ended so, else KILLED, else CANCELLED, else
        COMPLETE. `start` is the first start, `end` the last end once all have ended. The ETag has the revision, which rises with each change.
        `rerun_of` is the result that it runs again, `reruns` are those that run it again.
        """
        result = results.get(result_id)
        etag = of_revision(result.revision)
        # Durations that are a little old must not be told for good by an ETag that stays.
        headers = {} if figures.may_be_old(result) else {"ETag": f'"{etag}"'}
        if headers and not_modified(etag):
            return make_response("", 304, headers)
        return result, 200, headers

    @needs(Role.OPERATOR)
    @does(Action.UNKNOWN, CANCEL=Action.RESULT_CANCEL, KILL=Action.RESULT_KILL, RERUN=Action.RESULT_RERUN)
    @idempotent(blueprint)
    @blueprint.arguments(OperateResultSchema)
    @blueprint.response(200, ResultSchema)
    @blueprint.alt_response(201, schema=SubmittedSchema, description="RERUN: the new result's id; its address is in Location")
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any], result_id: int) -> Any:
        """CANCEL or KILL a result, or RERUN it

        CANCEL: what has not started becomes CANCELLED; what waits for another attempt ends as its last one did. KILL: that, and what runs
        is stopped (SIGTERM, the grace, SIGKILL) and becomes KILLED. The answer comes at once; what runs ends soon after.
        409 where nothing is left to cancel or kill.
        RERUN: a new result with the same parameters and the task's present image, or with those parameters changed that are given
        (null removes one; as the value of a secret variable it keeps the original's); answers 201 with its `result_id`. `only` runs
        those executions alone again that are in one of its statuses; each has the index of the one it repeats, and the original's times
        in ESTIVADOR_TIMES. 409 where there are none. Another `matrix` makes all executions anew, `times` of each combination.
        """
        operation = body.pop("operation")
        if operation == "RERUN":
            return rerun_answer(results.rerun(result_id, body.pop("only", None), body))
        return stopping.stop(result_id, Wish(operation))

    @needs(Role.OPERATOR)
    @does(Action.RESULT_DELETE)
    @blueprint.response(204)
    @blueprint.refuses(409)
    def delete(self, result_id: int) -> None:
        """Delete a result with its executions and logs

        It is gone at once, however large it is; its rows and logs are removed soon after.
        409 while it is live, or while the Engine has not removed the last of its containers.
        """
        results.delete(result_id)


def rerun_answer(result: Any) -> Any:
    """Answer a RERUN: where the new result is."""
    answer = jsonify({"result_id": result.id})
    answer.status_code, answer.location = 201, url_for("result.Result", result_id=result.id)
    return answer
