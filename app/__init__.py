"""Estivador: run a container N times and know what became of each. create_app does the wiring and nothing else."""

import os

from flask import Flask

from app import extensions
from app.config import Settings
from app.logstore import LogStore
from app.vault import KEYS_NAME, Vault


def create_app(settings: Settings | None = None) -> Flask:
    """Make an application for `settings` (default: from the environment).

    Raises BadSetting where that makes no sense, UndeclaredRole where a route does not say who may use it.
    """
    from app import api, cli, door, front, pages
    from app.jobs import consumer, housekeeping  # noqa: F401  (their hooks and jobs are to be known to Huey)
    from app.services.setup import make_folder

    settings = settings or Settings.from_environment()
    os.umask(0o077)
    make_folder(settings)
    app = Flask(__name__, instance_path=str(settings.instance))
    app.config.from_mapping(api.OPENAPI, SQLALCHEMY_DATABASE_URI=f"sqlite:///{settings.database}", MAX_CONTENT_LENGTH=1024 * 1024)
    # Logs and exports are streamed as they come, so they are left as they are.
    app.config["COMPRESS_MIMETYPES"] = ["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["settings"] = settings
    app.extensions["log_store"] = LogStore(settings.instance / "logs", settings.log_cap)
    app.extensions["vault"] = Vault(settings.instance / KEYS_NAME)
    front.guard(app)
    extensions.db.init_app(app)
    extensions.compress.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory="app/migrations")
    extensions.huey.init_app(app)
    door.guard(app)
    extensions.api.init_app(app)
    api.register(app)
    pages.register(app)
    cli.register(app)
    door.refuse_undeclared(app)
    return app
