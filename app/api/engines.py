"""/engine/: the Docker Engines."""

from typing import Any

from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.schemas import EngineSchema
from app.door import needs
from app.roles import Role
from app.services import engines

blueprint = Blueprint("engine", __name__, url_prefix="/engine", description="Docker Engines")


@blueprint.route("/")
class Engines(MethodView):
    """The set of Engines."""

    @needs(Role.VIEWER)
    @blueprint.response(200, EngineSchema(many=True))
    def get(self) -> Any:
        """List the Docker Engines

        With slots, what each says of itself now, and the consumers that work with it. One that does not answer has a `trouble`.
        """
        return engines.listing()
