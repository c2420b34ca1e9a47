"""The pages: for now the one that says where the API and its document are."""

from flask import Blueprint, Flask, render_template

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def front() -> str:
    """Say what this is and where to go on."""
    return render_template("front/page.html")


def register(app: Flask) -> None:
    """Add the pages to the application."""
    app.register_blueprint(blueprint)
