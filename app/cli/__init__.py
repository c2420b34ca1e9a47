"""The command line: `flask --app wsgi …`. It calls the same services as the API and the pages."""

import click
from flask import Flask, current_app

from app.services.tokens import ADMIN_NAME


def register(app: Flask) -> None:
    """Add the commands to the application."""
    app.cli.add_command(prepare_command)


@click.command("prepare")
def prepare_command() -> None:
    """Make the instance ready (folder, schema, admin token), and say where it listens and where the token lies."""
    settings = current_app.extensions["settings"]
    path = settings.instance / ADMIN_NAME
    click.echo(f"Estivador   {settings.address}")
    if current_app.extensions.get("first_start"):
        click.echo(f"Admin token {path.read_text().strip()}")
        click.echo(f"            made just now, and kept in {path}")
    else:
        click.echo(f"Admin token in {path}")
