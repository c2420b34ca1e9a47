"""`flask --app wsgi prepare` and `rotate-key`: the instance itself."""

import click
from flask import current_app

from app.cli.telling import told
from app.services import keys
from app.services.tokens import ADMIN_NAME


@click.command("prepare")
def prepare_command() -> None:
    """Make the instance ready (folder, schema, admin token), and say where it listens and where the token lies."""
    settings = current_app.extensions["settings"]
    click.echo(f"Estivador   {settings.address}")
    click.echo(f"Admin token in {settings.instance / ADMIN_NAME}")


@click.command("rotate-key")
@click.option("--lost", is_flag=True, help="The file secret-keys is gone for good: begin a new one.")
def rotate_key_command(lost: bool) -> None:
    """Encrypt all secrets with a new key, and drop the old ones. Everything may go on meanwhile; after a crash, do it again."""
    with told():
        done = keys.rotate(lost=lost)
    click.echo(f"A new key is in secret-keys, and the old ones are gone from it. Encrypted with it: {done.renewed}.")
    if done.unopened:
        click.echo(f"No key decrypts {done.unopened} more. Give those secrets anew; or, if their key turns up, add it to the file as a line.")
