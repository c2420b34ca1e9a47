"""/ui/token/: who may enter."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from app.actions import Action
from app.door import does, needs
from app.errors import NameTaken
from app.pages.forms import Form, load, typed
from app.roles import Role
from app.schemas.requests import CreateTokenSchema
from app.services import tokens

blueprint = Blueprint("tokens", __name__)


@blueprint.get("/ui/token/")
@needs(Role.ADMIN)
def listing() -> Any:
    """List the tokens, with the form that makes one."""
    return _page(_empty())


@blueprint.post("/ui/token/")
@needs(Role.ADMIN)
@does(Action.TOKEN_CREATE)
def create() -> Any:
    """Make a token, and show it once."""
    asked, form = load(CreateTokenSchema(), typed())
    if not form:
        return _page(form), 422
    try:
        token, text = tokens.create(**asked)
    except NameTaken as error:
        return _page(Form(form.values, {"name": [error.message]})), 409
    return _page(_empty(), made=token, secret=text), 201


def _empty() -> Form:
    return Form({"role": Role.OPERATOR.value})


def _page(form: Form, **more: Any) -> str:
    return render_template("token/page.html", rows=tokens.listing(), form=form, **more)


@blueprint.get("/ui/token/<token_id>/revoke/")
@needs(Role.ADMIN)
def ask_revoke(token_id: str) -> Any:
    """Ask before a token is revoked."""
    token = tokens.get(token_id)
    return render_template(
        "confirm/page.html",
        title=f"Revoke the token {token.name}?",
        consequence="Whoever uses it is refused from now on, and sessions opened with it end. This can't be undone.",
        action=url_for("ui.tokens.revoke", token_id=token_id),
        fields={},
        back=url_for("ui.tokens.listing"),
        keep="Keep it",
        verb="Revoke",
        symbol="trash-2",
    )


@blueprint.post("/ui/token/<token_id>/revoke/")
@needs(Role.ADMIN)
@does(Action.TOKEN_REVOKE)
def revoke(token_id: str) -> Any:
    """Revoke a token."""
    tokens.revoke(token_id)
    flash("The token is revoked.", "good")
    return redirect(url_for("ui.tokens.listing"), 303)
