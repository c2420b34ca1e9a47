"""/task/: registering images and running them."""

from typing import Any

from flask import url_for
from flask.views import MethodView

from app.actions import Action
from app.api.blueprint import Blueprint
from app.api.idempotent import idempotent
from app.api.schemas import ImageSchema, RegisteredSchema, SubmittedSchema, TaskSchema
from app.door import does, needs
from app.roles import Role
from app.schemas.filters import TaskFilterSchema
from app.schemas.requests import OperateTaskSchema, RegisterSchema, UpdateTaskSchema
from app.services import images, results, tasks

blueprint = Blueprint("task", __name__, url_prefix="/task", description="Registered images")


@blueprint.route("/")
class Tasks(MethodView):
    """The set of tasks."""

    @needs(Role.VIEWER)
    @blueprint.arguments(TaskFilterSchema, location="query")
    @blueprint.response(200, TaskSchema(many=True))
    @blueprint.paginate()
    def get(self, filters: dict[str, Any], pagination_parameters: Any) -> Any:
        """List the tasks, newest first

        Filters: `status` (repeatable), `name`, `repository` (both exact), `text` (part of either), `label` (NAME=VALUE, or NAME whatever
        its value; repeatable, all must hold).
        """
        page = tasks.listing(pagination_parameters.page, pagination_parameters.page_size, **filters)
        pagination_parameters.item_count = page.total
        return page.rows

    @needs(Role.OPERATOR)
    @does(Action.TASK_REGISTER)
    @idempotent(blueprint)
    @blueprint.arguments(RegisterSchema)
    @blueprint.response(201, RegisteredSchema)
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any]) -> Any:
        """Register an image as a task

        A job is started that brings the image into the Engine's local store. Follow it at the address in `Location`: the task's
        status goes from SUBMITTED over IMPORTING to READY, or to ERROR with `reason` and `message`. 409 where the name is taken.
        `parameters` are what its runs take by default: whatever goes with a RUN, but `times`. `registry_username` and
        `registry_password` are for a registry that wants a login; the password is stored encrypted and never shown.
        """
        task = tasks.register(**body)
        return {"task_id": task.id, "status": task.status}, 201, {"Location": url_for("task.Task", task_id=task.id)}


@blueprint.route("/<int:task_id>/")
class Task(MethodView):
    """One task."""

    @needs(Role.VIEWER)
    @blueprint.response(200, TaskSchema)
    def get(self, task_id: int) -> Any:
        """Return every detail of a task

        While it is IMPORTING, `progress` tells layers and bytes.
        """
        return tasks.get(task_id)

    @needs(Role.OPERATOR)
    @does(Action.RESULT_RUN, IMPORT=Action.TASK_IMPORT)
    @idempotent(blueprint)
    @blueprint.arguments(OperateTaskSchema, required=False)
    @blueprint.response(201, SubmittedSchema)
    @blueprint.alt_response(200, schema=RegisteredSchema, description="IMPORT: the task")
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any], task_id: int) -> Any:
        """RUN a task, or IMPORT its image again

        RUN (the default; no body at all is a RUN, once) makes a result with `times` executions and answers 201 with its `result_id`
        and its address in `Location`. The executions wait for a free slot of the Engine. 409 where the task is not READY. Parameters
        that are not given are the task's defaults; `env`, `secret_env` and `labels` are merged with theirs by name, and null leaves a
        default out. With a `matrix`, each combination of its values runs `times` times, and finds them in its environment. 422 where
        parameters do not go together, make more than 100,000 executions, or are not allowed by the instance.
        IMPORT brings the image in again and answers 200, from now on with the login that is given; what was submitted before keeps the
        image it has.
        """
        operation = body.pop("operation")
        if operation == "IMPORT":
            task = tasks.import_again(task_id, **body)
            return {"task_id": task.id, "status": task.status}, 200
        result = results.submit(task_id, body.pop("times", 1), body)
        return {"result_id": result.id}, 201, {"Location": url_for("result.Result", result_id=result.id)}

    @needs(Role.OPERATOR)
    @does(Action.TASK_UPDATE)
    @blueprint.arguments(UpdateTaskSchema, required=False)
    @blueprint.response(200, TaskSchema)
    @blueprint.refuses(409)
    def patch(self, body: dict[str, Any], task_id: int) -> Any:
        """Change a task's name, description, labels, login or default parameters

        What is left out stays as it is; `parameters` takes the place of all defaults, `labels` that of all labels; null as the value of
        a secret variable keeps the one that it has. `registry_username` and `registry_password` of null take the login away. Results keep
        what they were submitted with. 409 where another task has the name.
        """
        return tasks.update(task_id, **body)

    @needs(Role.OPERATOR)
    @does(Action.TASK_DELETE)
    @blueprint.response(204)
    @blueprint.refuses(409)
    def delete(self, task_id: int) -> None:
        """Delete a task with all its results

        They are gone at once, and the name is free; executions and logs are removed soon after. The image stays in the Engine's store for
        as long as retention keeps it. 409 while it is being imported, or a result of it is live.
        """
        tasks.delete(task_id)


@blueprint.route("/<int:task_id>/image/")
class Images(MethodView):
    """The images that a task has had."""

    @needs(Role.VIEWER)
    @blueprint.response(200, ImageSchema(many=True))
    @blueprint.paginate()
    def get(self, task_id: int, pagination_parameters: Any) -> Any:
        """List the images of a task, the one imported last first

        An IMPORT finds the image that the repository names by then: what runs keeps the image it has, and a new run takes the new one.
        """
        page = images.listing(task_id, pagination_parameters.page, pagination_parameters.page_size)
        pagination_parameters.item_count = page.total
        return page.rows
