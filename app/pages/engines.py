"""/ui/engine/: the Docker Engines and who follows them."""

from typing import Any

from flask import Blueprint

from app.door import needs
from app.pages import live
from app.roles import Role
from app.services import engines

blueprint = Blueprint("engines", __name__)


@blueprint.get("/ui/engine/")
@needs(Role.VIEWER)
def listing() -> Any:
    """List the Engines."""
    return live.whole("engine/page.html", "engine/_live.html", rows=engines.listing())


@blueprint.get("/ui/engine/live")
@needs(Role.VIEWER)
def listing_live() -> Any:
    """List them in the live region."""
    return live.part("engine/_live.html", rows=engines.listing())
