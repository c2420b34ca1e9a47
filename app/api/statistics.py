"""Statistics of results and tasks, and two results side by side."""

from typing import Any

from flask import make_response
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.conditional import not_modified, of_revision
from app.api.statistics_schemas import ComparisonSchema, ResultStatisticsSchema, TaskStatisticsSchema
from app.door import needs
from app.roles import Role
from app.services import comparison, figures, results, trends
from app.services.outcomes import success_rate
from app.states import LIVE

blueprint = Blueprint("statistics", __name__, description="Figures of runs")


@blueprint.route("/result/<int:result_id>/statistics/")
class ResultStatistics(MethodView):
    """The figures of a result."""

    @needs(Role.VIEWER)
    @blueprint.response(200, ResultStatisticsSchema)
    def get(self, result_id: int) -> Any:
        """Return the statistics of a result

        `failures` are its ERROR executions in groups that ended the same way: by the same reason and exit code, with the same last line
        of the log but for numbers, ids, times and temporary paths; the largest first, at most 20. Memory and CPU time are sampled every
        few seconds while an execution runs, so they are of those alone that ran for longer. Of more than 5,000 executions that are live,
        the figures may be a few seconds old.
        """
        result = results.get(result_id)
        etag = of_revision(result.revision)
        # What runs is looked at again and again, which is no change of the result.
        headers = {} if result.status in LIVE else {"ETag": f'"{etag}"'}
        if headers and not_modified(etag):
            return make_response("", 304, headers)
        found = {"statistics": figures.times(result), "ends": figures.ends(result), "use": figures.use(result), "success_rate": success_rate(result.counts)}
        return {"result": result, **found}, 200, headers


@blueprint.route("/task/<int:task_id>/statistics/")
class TaskStatistics(MethodView):
    """The figures of a task."""

    @needs(Role.VIEWER)
    @blueprint.response(200, TaskStatisticsSchema)
    def get(self, task_id: int) -> Any:
        """Return the statistics of a task over its last results

        Of its last 20 results, and of at most 5,000 of their executions: `sample` says how many were looked at. `success_rate` is by the
        counts of all of them. `results` has each of them by itself, newest first, to see which way it goes.
        """
        found = trends.of(task_id)
        sample = {"results": len(found.results), "executions": found.executions, "executions_in_all": found.executions_in_all}
        figures = {"statistics": found.statistics, "ends": found.ends, "use": found.use, "success_rate": found.success_rate}
        return {"task_id": task_id, "sample": sample, "results": found.results, **figures}


@blueprint.route("/result/<int:result_id>/compare/<int:other_id>/")
class Comparison(MethodView):
    """Two results side by side."""

    @needs(Role.VIEWER)
    @blueprint.response(200, ComparisonSchema)
    def get(self, result_id: int, other_id: int) -> Any:
        """Compare a result with another

        Of the same task or of two. `parameters` has only what differs. Ratios are of `result` to `other`: a `p50_ratio` of 2 says that
        this one's median execution took twice as long. Executions with the same index are held against each other once both have ended:
        `same` and `changed` count them, and `changes` lists the first 100 that ended with another status.
        """
        return comparison.compare(result_id, other_id)
