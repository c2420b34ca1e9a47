"""What somebody known asked for and did not get goes to the audit, and so does a token that opened no session."""

import logging
from collections.abc import Mapping

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from app.actions import Action, Kind
from app.door.declared import SAFE, Does, declaration, is_public
from app.services import audit

log = logging.getLogger(__name__)


def leave_row(response: Response) -> Response:
    """Have what somebody known asked for and did not get written down, and a token that opened no session. What is done has its row already."""
    if request.method not in SAFE and response.status_code >= 400:
        try:
            # Of a stranger's request no more is read than it was.
            asked = _asked_for() if audit.is_known() or _is_failed_sign_in(response) else None
            if asked is not None:
                audit.refuse(asked, *_about(), response.status_code)
        except Exception:  # the answer is given, whatever becomes of its row
            log.exception("a refused request is not in the audit")
    return response


def _asked_for() -> Action | None:
    """Return what this request asks for; None for nothing that changes anything."""
    declared: Does | None = declaration(current_app, request.endpoint, request.method, "does") if request.endpoint else None
    if declared is None:
        return Action.UNKNOWN
    return declared.by_operation.get(_operation(), declared.action) if declared.by_operation else declared.action


def _operation() -> str:
    """Return the operation that the body names, as far as it can be read."""
    try:
        body = request.get_json(silent=True) if request.is_json else request.form
        operation = body.get("operation") if isinstance(body, Mapping) else None
    except (HTTPException, RecursionError):
        return ""
    return operation if isinstance(operation, str) else ""


def _about() -> tuple[Kind | None, object]:
    """Return what the address names: the innermost of task, result, execution and token."""
    kinds = {"detail_id": Kind.EXECUTION, "result_id": Kind.RESULT, "task_id": Kind.TASK, "token_id": Kind.TOKEN}
    return next(((kind, request.view_args[name]) for name, kind in kinds.items() if name in (request.view_args or {})), (None, None))  # type: ignore[index]


def _is_failed_sign_in(response: Response) -> bool:
    """One that was tried: what a limit or another site's form keeps away is nobody's, and could be without end."""
    return request.endpoint is not None and is_public(current_app, request.endpoint) and response.status_code == 401
