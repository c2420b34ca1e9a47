"""/token/: who may enter."""

from typing import Any

from flask import url_for
from flask.views import MethodView

from app.actions import Action
from app.api.blueprint import Blueprint
from app.api.idempotent import idempotent
from app.api.schemas import NewTokenSchema, TokenSchema
from app.door import does, needs
from app.roles import Role
from app.schemas.requests import CreateTokenSchema
from app.services import tokens

blueprint = Blueprint("token", __name__, url_prefix="/token", description="Who may enter")


@blueprint.route("/")
class Tokens(MethodView):
    """The set of tokens."""

    @needs(Role.ADMIN)
    @blueprint.response(200, TokenSchema(many=True))
    def get(self) -> Any:
        """List the tokens, oldest first

        None carries its secret, of which only a digest is kept.
        """
        return tokens.listing()

    @needs(Role.ADMIN)
    @does(Action.TOKEN_CREATE)
    @idempotent(blueprint, secret="token")  # noqa: S106  (the name of a field)
    @blueprint.arguments(CreateTokenSchema)
    @blueprint.response(201, NewTokenSchema)
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any]) -> Any:
        """Make a token

        `token` in the answer is what to send as `Authorization: Bearer`. Give it the least `role` that does its work, and `days` where it
        need not last. It is shown this once: a repeated request with the same
        Idempotency-Key makes no second token, and has null there.
        """
        token, text = tokens.create(**body)
        shown = {name: getattr(token, name) for name in ("id", "name", "role", "created_at", "used_at", "expires_at")}
        return {**shown, "token": text}, 201, {"Location": url_for("token.Token", token_id=token.id)}


@blueprint.route("/<token_id>/")
class Token(MethodView):
    """One token."""

    @needs(Role.ADMIN)
    @does(Action.TOKEN_REVOKE)
    @blueprint.response(204)
    @blueprint.refuses(409)
    def delete(self, token_id: str) -> None:
        """Revoke a token

        It opens nothing any more, and whoever signed in to the pages with it is signed out. 409 for the one in the file admin-token, and for
        the last of an admin.
        """
        tokens.revoke(token_id)
