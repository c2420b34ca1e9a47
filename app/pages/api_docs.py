"""/ui/api/: the API's document as a page."""

from typing import Any

from flask import Blueprint, jsonify, make_response, render_template

from app.extensions import api
from app.pages.headers import policy

blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/ui/api/")
def show() -> Any:
    """Show the document in Swagger UI, and as a plain list."""
    response = make_response(render_template("api/page.html", endpoints=_endpoints()))
    response.headers["Content-Security-Policy"] = policy(img_src="data:")
    return response


def _endpoints() -> list[dict[str, str]]:
    """Return method, path and summary of each operation that the document has."""
    paths = api.spec.to_dict()["paths"]
    return [
        {"method": method.upper(), "path": path, "summary": operation.get("summary", "")}
        for path, operations in paths.items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
    ]


@blueprint.get("/ui/openapi.json")
def document() -> Any:
    """Return the document to somebody who is signed in; the API's own address wants a token."""
    return jsonify(api.spec.to_dict())
