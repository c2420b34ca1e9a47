"""/ui/task/: registering images, and what is registered. Running one is in runs.py."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.actions import Action
from app.door import does, needs
from app.errors import NameTaken, NotThere, Unfit
from app.pages import live, logins, queries, task_page
from app.pages.forms import Form, load, typed
from app.pages.lines import variables_text
from app.pages.parameters import form_of, read_defaults, text_of
from app.pages.runs import forecast, run_form
from app.pages.words import number_of
from app.roles import Role
from app.schemas.requests import OperateTaskSchema, RegisterSchema, UpdateTaskSchema
from app.services import results, secret_environment, statistics, tasks

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/ui/task/")
@needs(Role.VIEWER)
def listing() -> Any:
    """List the tasks."""
    return live.whole("task/list.html", "task/_list_live.html", **_list())


@blueprint.get("/ui/task/live")
@needs(Role.VIEWER)
def listing_live() -> Any:
    """List them in the live region."""
    return live.part("task/_list_live.html", **_list())


def _list() -> dict[str, Any]:
    asked = queries.tasks()
    found = tasks.listing(asked.page, queries.PAGE_SIZE, **asked.filters)
    return {"rows": found.rows, "total": found.total, "asked": asked, "recent": statistics.recent([row.id for row in found.rows])}


@blueprint.get("/ui/task/new/")
@needs(Role.OPERATOR)
def new() -> Any:
    """Show the form that registers a task."""
    return _form(form_of({"pull": "missing", **request.args.to_dict()}))


@blueprint.post("/ui/task/new/")
@needs(Role.OPERATOR)
@does(Action.TASK_REGISTER)
def register() -> Any:
    """Register a task, and go to its page."""
    values = typed()
    defaults, wrong = read_defaults(values)
    own: dict[str, str] = {name: values[name] for name in ("repository", "name", "pull", "description") if name in values}
    asked, form = load(RegisterSchema(), {**own, "labels": values.get("task_labels", "")}, **logins.given(values))
    if wrong or not form:
        return _form(form_of(values, {**wrong, **_renamed(form.errors)})), 422
    try:
        task = tasks.register(**asked, parameters=defaults or None)
    except (NameTaken, Unfit) as error:
        return _form(form_of(values, _refusal(error))), error.http_status
    return redirect(url_for("ui.tasks.show", task_id=task.id), 303)


def _form(form: Form) -> str:
    return render_template("task/new.html", form=form, suggestions=tasks.suggestions())


@blueprint.get("/ui/task/<int:task_id>/")
@needs(Role.VIEWER)
def show(task_id: int) -> Any:
    """Show a task: the run form first, then its results."""
    context = task_page.context(task_id)
    task = context["task"]
    return live.whole("task/page.html", "task/_live.html", **context, form=run_form(task), forecast=forecast(task_id, task.parameters))


@blueprint.get("/ui/task/<int:task_id>/live")
@needs(Role.VIEWER)
def show_live(task_id: int) -> Any:
    """Show its live region; where the task is gone by now, say so and stop asking."""
    try:
        return live.part("task/_live.html", **task_page.context(task_id))
    except NotThere:
        return render_template("errors/_gone.html", what=f"Task {task_id}", back=url_for("ui.tasks.listing"))


@blueprint.get("/ui/task/<int:task_id>/edit/")
@needs(Role.OPERATOR)
def edit(task_id: int) -> Any:
    """Show the form that changes a task."""
    task = tasks.get(task_id)
    return render_template("task/edit.html", task=task, form=Form(_stored(task)))


def _stored(task: Any) -> dict[str, str]:
    """Return what the form that changes a task holds at first."""
    own = {"name": task.name, "description": task.description, "task_labels": variables_text(task.labels)}
    return {**own, "registry_username": task.registry_username or "", **text_of(secret_environment.shown(task))}


@blueprint.post("/ui/task/<int:task_id>/edit/")
@needs(Role.OPERATOR)
@does(Action.TASK_UPDATE)
def update(task_id: int) -> Any:
    """Change a task's name, description, labels, login and default parameters."""
    values, task = typed(), tasks.get(task_id)
    defaults, wrong = read_defaults(values, task.secret_env)
    login, wrong_login = logins.changed(values, task.registry_username)
    fixed = {"name": values.get("name", "").strip(), "description": values.get("description", ""), "labels": {}}
    asked, form = load(UpdateTaskSchema(), {"labels": values.get("task_labels", "")}, **fixed, **login)
    wrong |= {**wrong_login, **_renamed(form.errors)}
    if wrong:
        return _edit_again(task, values, wrong), 422
    try:
        tasks.update(task_id, **asked, parameters=defaults)
    except (NameTaken, Unfit) as error:
        return _edit_again(task, values, _refusal(error)), error.http_status
    flash("Saved.", "good")
    return redirect(url_for("ui.tasks.show", task_id=task_id), 303)


def _refusal(error: NameTaken | Unfit) -> dict[str, list[str]]:
    """Return the error of a form where it belongs."""
    return {"name" if isinstance(error, NameTaken) else "_form": [error.message]}


def _edit_again(task: Any, values: dict[str, str], wrong: dict[str, list[str]]) -> str:
    return render_template("task/edit.html", task=task, form=form_of(values, wrong, task.secret_env))


def _renamed(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Name the field of a task's own labels: its runs' are beside it."""
    return {"task_labels" if name == "labels" else name: found for name, found in errors.items()}


@blueprint.post("/ui/task/<int:task_id>/import/")
@needs(Role.OPERATOR)
@does(Action.TASK_IMPORT)
def import_again(task_id: int) -> Any:
    """Bring the task's image in again."""
    asked, form = load(OperateTaskSchema(), {"pull": request.form.get("pull", "")}, operation="IMPORT")
    if not form:
        raise Unfit("Pull must be missing, always or never: go back to the task, and use its own buttons.")
    tasks.import_again(task_id, asked.get("pull"))
    return redirect(url_for("ui.tasks.show", task_id=task_id), 303)


@blueprint.get("/ui/task/<int:task_id>/delete/")
@needs(Role.OPERATOR)
def ask_delete(task_id: int) -> Any:
    """Ask before a task is deleted."""
    task, found = tasks.get(task_id), results.listing(1, 1, task_id=task_id).total
    return render_template(
        "confirm/page.html",
        title=f"Delete task {task_id}, {task.name}?",
        consequence=f"{number_of(found, 'result')} of it {'goes' if found == 1 else 'go'} with it, with all logs. The image stays in the Engine for as long "
        "as retention keeps it. This can't be undone.",
        action=url_for("ui.tasks.delete", task_id=task_id),
        fields={},
        back=url_for("ui.tasks.show", task_id=task_id),
        verb="Delete",
        symbol="trash-2",
    )


@blueprint.post("/ui/task/<int:task_id>/delete/")
@needs(Role.OPERATOR)
@does(Action.TASK_DELETE)
def delete(task_id: int) -> Any:
    """Delete a task with its results."""
    tasks.delete(task_id)
    flash(f"Task {task_id} is deleted.", "good")
    return redirect(url_for("ui.tasks.listing"), 303)
