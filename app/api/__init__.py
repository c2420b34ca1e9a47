"""The REST API: flask-smorest blueprints that parse, call one service, and answer."""

from functools import partial, update_wrapper
from typing import Any

from flask import Flask

from app.door import needs
from app.extensions import api
from app.roles import Role

ROLES = "`est_<id>_<secret>`. It has a role, which each operation names as `x-role`: viewer, operator, or admin, each with all that those before it may."
OPENAPI: dict[str, Any] = {
    "API_TITLE": "Estivador",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": "Register an image as a task, RUN it N times, and know what became of each execution."},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": ROLES}}},
    },
}


def register(app: Flask) -> None:
    """Add the blueprints, the error answers and the conditional answers to the application."""
    from app.api import audit, conditional, details, document, engines, exports, failures, health, logs, results, retention, statistics, tasks, tokens

    document.prepare(api)
    for area in (tasks, results, details, logs, statistics, exports, engines, retention, tokens, audit, health):
        api.register_blueprint(area.blueprint)
    # The library's own view is a bound method, which can't be marked.
    described = "api-docs.openapi_json"
    view: Any = app.view_functions[described]
    app.view_functions[described] = needs(Role.VIEWER)(update_wrapper(partial(view), view))
    failures.register(app)
    conditional.register(app)
