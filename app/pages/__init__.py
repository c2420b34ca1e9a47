"""The pages: server-rendered, live by htmx, working without script. They call the same services as the API."""

from flask import Blueprint, Flask

from app.door import PAGES


def register(app: Flask) -> None:
    """Add the pages, what their templates use, and their headers to the application."""
    from app.pages import (
        api_docs,
        audit,
        comparisons,
        dashboard,
        engines,
        executions,
        failures,
        filters,
        headers,
        login,
        logs,
        results,
        retention,
        runs,
        tasks,
        tokens,
    )  # fmt: skip

    blueprint = Blueprint(PAGES, __name__)
    for area in (login, dashboard, tasks, runs, results, comparisons, executions, logs, engines, retention, tokens, audit, api_docs):
        blueprint.register_blueprint(area.blueprint)
    failures.register(blueprint)
    filters.register(app)
    headers.register(app)
    app.register_blueprint(blueprint)
