"""The log of an execution on its page: a window of numbered lines, the lines before it, and what has come since."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from app.door import needs
from app.errors import EngineDown, LogsRemoved, NotThere
from app.pages.escapes import PLAIN, Style, convert, style_after, styled
from app.roles import Role
from app.services import attempts, details, loglines
from app.services import logs as log_service
from app.services.attempts import AttemptView
from app.services.loglines import GAP, MOST, Line, Mark

blueprint = Blueprint("logs", __name__)


@dataclass(frozen=True)
class Shown:
    """A line as a page shows it."""

    number: int
    stream: int
    time: str
    html: Markup


def asked_for(detail: Any) -> AttemptView:
    """Return the attempt that `?attempt=` names, or where it names none the current one, or the last that ran; raise NotThere where there is none such."""
    return attempts.one(detail, _whole(request.args.get("attempt")) or None)


def window(detail: AttemptView) -> dict[str, Any]:
    """Return what the page needs of an attempt's log: the last lines, or those from `?line=`."""
    wanted = request.args.get("line", "")
    try:
        is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
        found = loglines.around(detail, max(1, int(wanted) - MOST // 2)) if is_number else None
        if found is None or not found.lines:
            found = loglines.last(detail)
    except (EngineDown, LogsRemoved) as error:
        return {"lines": [], "log_trouble": error.message, "tail": None, "first": 1, "total": 0}
    state = PLAIN
    for payload in found.before:
        state = style_after(payload, state)
    lines, state = _shown(found.lines, state)
    first = lines[0].number if lines else 1
    at_end = not lines or lines[-1].number == found.total
    tail = _tail(detail, found.mark, state) if detail.is_live or not at_end else None
    return {"lines": lines, "log_trouble": None, "tail": tail, "first": first, "total": found.total, "soon": not at_end}


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/log/tail")
@needs(Role.VIEWER)
def tail(result_id: int, detail_id: int) -> Any:
    """Return what the log got since `after`, and how to ask on; 204 where it got nothing and may still. It never goes on into another attempt's."""
    try:
        detail = asked_for(details.get(result_id, detail_id))
    except NotThere:  # the live region says so; here it is enough to stop asking
        return render_template("detail/_tail_form.html", tail=None)
    arguments = request.args
    mark = Mark(_whole(arguments.get("after")), arguments.get("time", ""), _whole(arguments.get("same")))
    try:
        found = loglines.since(detail, mark)
    except EngineDown:
        return Response(status=204)
    except LogsRemoved:
        return render_template("detail/_tail_form.html", tail=None)
    if not found and detail.is_live:
        return Response(status=204)
    lines, state = _shown(found, styled(arguments.get("style", "")))
    is_more = len(found) == MOST
    on = _tail(detail, loglines.mark_after(found, mark), state) if is_more or detail.is_live else None
    return render_template("detail/_tail.html", attempt=detail, lines=lines, tail=on, soon=is_more, announce=True)


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/log/before")
@needs(Role.VIEWER)
def before(result_id: int, detail_id: int) -> Any:
    """Return the lines before number `line`, and how to ask for those before them; where they are gone by now, let the page be asked for again."""
    try:
        detail = asked_for(details.get(result_id, detail_id))
        log_service.refuse_removed(detail)
    except (NotThere, LogsRemoved) as error:
        return Response(status=error.http_status, headers={"HX-Refresh": "true"})
    end = _whole(request.args.get("line"))
    first = max(1, end - MOST)
    found = loglines.around(detail, first, max(0, end - first))
    state = PLAIN
    for payload in found.before:
        state = style_after(payload, state)
    return render_template("detail/_before.html", attempt=detail, lines=_shown(found.lines, state)[0], first=first)


@blueprint.get("/ui/result/<int:result_id>/detail/<int:detail_id>/log/")
@needs(Role.VIEWER)
def raw(result_id: int, detail_id: int) -> Response:
    """Give the whole log as a file, byte for byte."""
    detail = details.get(result_id, detail_id)
    attempt = asked_for(detail)
    headers = {"Content-Disposition": f'attachment; filename="{log_service.file_name(detail, attempt.attempt)}"'}
    return Response(log_service.read(attempt, log_service.View()), mimetype="text/plain", headers=headers)


def _shown(lines: list[Line], state: Style) -> tuple[list[Shown], Style]:
    """Turn lines into HTML; the colours of one line go on in the next."""
    rendered = []
    for number, stream, time, payload in lines:
        if stream == GAP:
            html = Markup("… the log was longer than its cap: its middle was not kept …")
        else:
            html, state = convert(payload.rstrip(b"\r\n"), state)
        rendered.append(Shown(number, stream, time, html))
    return rendered, state


def _tail(attempt: AttemptView, mark: Mark, state: Style) -> dict[str, Any]:
    """Return the query that asks for what comes after `mark` in the log of this attempt."""
    return {"attempt": attempt.attempt, "after": mark.number, "time": mark.time, "same": mark.same, "style": state.classes or None}


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0
