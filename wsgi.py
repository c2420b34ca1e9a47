"""Where servers come in: `gunicorn wsgi:app`, `huey_consumer wsgi.huey`, `flask --app wsgi …`. Makes the instance ready first."""

import sys

from app import create_app
from app.config import BadSetting
from app.extensions import huey
from app.files import BadKey
from app.services.setup import prepare

__all__ = ["app", "huey"]

try:
    app = create_app()
    with app.app_context():
        prepare(app.extensions["settings"])
except (BadSetting, BadKey) as error:
    sys.exit(f"estivador: {error}")
