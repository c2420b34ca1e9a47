"""The command line: `flask --app wsgi …`. It calls the same services as the API and the pages."""

from flask import Flask


def register(app: Flask) -> None:
    """Add the commands to the application."""
    from app.cli import instance, tokens

    for command in (instance.prepare_command, instance.rotate_key_command, tokens.token_group):
        app.cli.add_command(command)
