"""/health/ and /ready/: for those who watch over this process."""

from typing import Any

from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.schemas import HealthSchema, ReadySchema
from app.door import needs, public
from app.roles import Role
from app.services import health

blueprint = Blueprint("health", __name__, description="Liveness and readiness")


@blueprint.route("/health/")
class Health(MethodView):
    """Liveness."""

    decorators = [public]

    @blueprint.response(200, HealthSchema)
    @blueprint.doc(security=[])
    def get(self) -> Any:
        """Say that this process answers

        Needs no token, and looks at nothing else.
        """
        return {"status": "ok"}


@blueprint.route("/ready/")
class Ready(MethodView):
    """Readiness."""

    @needs(Role.VIEWER)
    @blueprint.response(200, ReadySchema)
    @blueprint.alt_response(503, schema=ReadySchema, description="One of the parts is out")
    def get(self) -> Any:
        """Say whether database, queue, keys of the secrets, consumer and Engine are there, each by name

        503 if one is out, with what is wrong and what to do.
        """
        parts = health.check()
        ready = all(state == "ok" for state in parts.values())
        return {"status": "ready" if ready else "not ready", "parts": parts}, 200 if ready else 503
