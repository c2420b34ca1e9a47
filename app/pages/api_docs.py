"""/ui/api/: the API's document as a page."""

from typing import Any

from flask import Blueprint, jsonify, make_response, render_template

from app.door import needs
from app.extensions import api
from app.pages.endpoints import endpoints_of
from app.pages.headers import policy
from app.roles import Role

blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/ui/api/")
@needs(Role.VIEWER)
def show() -> Any:
    """Show the document in Swagger UI, and as a plain list."""
    response = make_response(render_template("api/page.html", endpoints=endpoints_of(api.spec.to_dict())))
    response.headers["Content-Security-Policy"] = policy(img_src="data:")
    return response


@blueprint.get("/ui/openapi.json")
@needs(Role.VIEWER)
def document() -> Any:
    """Return the document to somebody who is signed in; the API's own address wants a token."""
    return jsonify(api.spec.to_dict())
