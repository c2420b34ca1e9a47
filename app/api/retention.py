"""/retention/: what is kept, and for how long."""

from typing import Any

from flask.views import MethodView

from app.actions import Action
from app.api.blueprint import Blueprint
from app.api.idempotent import idempotent
from app.api.schemas import DueSchema, RetentionSchema
from app.door import does, needs
from app.roles import Role
from app.schemas.requests import TidySchema
from app.services import retention

blueprint = Blueprint("retention", __name__, url_prefix="/retention", description="What is kept, and for how long")


@blueprint.route("/")
class Retention(MethodView):
    """Retention and its housekeeping."""

    @needs(Role.VIEWER)
    @blueprint.response(200, RetentionSchema)
    def get(self) -> Any:
        """Return what is kept, what is stored, what goes next, and what housekeeping did

        The settings ESTIVADOR_KEEP_… limit results, logs and images, null where there is no limit. What is above them goes within ten minutes, in
        batches, never what is live. `runs` are the last that removed something, or could not.
        """
        return retention.look()

    @needs(Role.ADMIN)
    @does(Action.RETENTION_TIDY)
    @idempotent(blueprint)
    @blueprint.arguments(TidySchema)
    @blueprint.response(202, DueSchema)
    @blueprint.refuses(409)
    def post(self, body: dict[str, Any]) -> Any:
        """TIDY: have the housekeeping done now

        `expect` is the number that `due.count` showed: 409 with the present number, and nothing is done, where it differs.
        """
        return retention.tidy(body["expect"])
