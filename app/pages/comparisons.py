"""/ui/result/N/compare/: two results side by side."""

import json
import re
import shlex
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from app.door import needs
from app.errors import NotThere
from app.pages.filters import utc
from app.pages.forms import Form
from app.pages.words import executions
from app.roles import Role
from app.services import comparison, results, tasks

blueprint = Blueprint("comparisons", __name__)


@blueprint.get("/ui/result/<int:result_id>/compare/")
@needs(Role.VIEWER)
def choose(result_id: int) -> Any:
    """Show the form that asks with which result, and lead to the comparison once it says so."""
    result = results.get(result_id)
    chosen = {name: request.args.get(name, "").strip() for name in ("number", "other")}
    text = chosen["number"] or chosen["other"]
    trouble = _trouble(result_id, text) if text else None
    if text and trouble is None:
        return redirect(url_for("ui.comparisons.show", result_id=result_id, other_id=int(text.removeprefix("#"))), 303)
    form = Form(chosen, {"number": [trouble]} if trouble else {})
    options = [(str(row.id), _words(row, result)) for row in comparison.candidates(result)]
    page = render_template("result/compare_form.html", result=result, task=tasks.get(result.task_id), form=form, options=options)
    return page, 422 if trouble else 200


def _trouble(result_id: int, text: str) -> str | None:
    """Say what is wrong with the number of a result that was typed."""
    if not re.fullmatch(r"#?[0-9]{1,15}", text, re.ASCII):
        return "Must be the number of a result, such as 12."
    number = int(text.removeprefix("#"))
    if number == result_id:
        return "Must be another result than this one."
    try:
        results.get(number)
    except NotThere:
        return f"There is no result {number}."
    return None


def _words(row: Any, result: Any) -> str:
    kin = " (runs this one again)" if row.rerun_of == result.id else " (which this one runs again)" if row.id == result.rerun_of else ""
    return f"#{row.id}{kin}: {row.status}, {executions(row.times)}, {utc(row.submitted_at)}"


@blueprint.get("/ui/result/<int:result_id>/compare/<int:other_id>/")
@needs(Role.VIEWER)
def show(result_id: int, other_id: int) -> Any:
    """Show two results side by side."""
    found = comparison.compare(result_id, other_id)
    named = [(side, tasks.get(side.result.task_id)) for side in (found.one, found.other)]
    differences = [(each.name, _text(each.value), _text(each.other_value)) for each in found.parameters]
    return render_template("result/compare.html", found=found, sides=named, one=found.one.result, other=found.other.result, differences=differences)


def _text(value: Any) -> str | None:
    """Write a parameter as a person reads it; None where it was not given."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return shlex.join(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
