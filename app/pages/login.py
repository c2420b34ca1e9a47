"""/ui/login/: a token in, a session out."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from app.actions import Action
from app.door import does, needs, public
from app.errors import NotAuthenticated
from app.front import count_guess
from app.roles import Role
from app.services import sessions

blueprint = Blueprint("login", __name__)


@blueprint.get("/ui/login/")
@public
def form() -> Any:
    """Show the form."""
    return render_template("login/page.html", wanted=_local(request.args.get("next")), error=None)


@blueprint.post("/ui/login/")
@public
@does(Action.SESSION_OPEN)
def sign_in() -> Any:
    """Open a session and go where the person wanted to."""
    wanted = _local(request.form.get("next"))
    try:
        secret = sessions.open_with(request.form.get("token", ""))
    except NotAuthenticated:
        count_guess()
        error = "That is no valid token. The first one lies in the file admin-token in the instance folder: paste it whole."
        return render_template("login/page.html", wanted=wanted, error=error), 401, {"WWW-Authenticate": "Bearer"}
    # A new session and a new CSRF token: what was known before the sign-in is worth nothing after it.
    session.clear()
    session["secret"], session.permanent = secret, True
    return redirect(wanted or url_for("ui.dashboard.show"), 303)


@blueprint.post("/ui/logout/")
@needs(Role.VIEWER)
@does(Action.SESSION_CLOSE)
def sign_out() -> Any:
    """End the session, here and at the server."""
    sessions.close(session.get("secret"))
    session.clear()
    return redirect(url_for("ui.login.form"), 303)


def _local(address: str | None) -> str | None:
    """Let only a path of ours through, never another site's address."""
    return address if address and address.startswith("/ui/") and "\\" not in address and address.isprintable() else None
