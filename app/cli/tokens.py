"""`flask --app wsgi token …`: who may enter, for who owns the instance folder."""

from datetime import UTC, datetime

import click

from app.cli.telling import told
from app.models import Token
from app.roles import Role
from app.schemas.requests import CreateTokenSchema
from app.services import tokens

HEADS = ("ID", "ROLE", "CREATED", "LAST USED", "ENDS", "NAME")


@click.group("token")
def token_group() -> None:
    """Make, list and revoke tokens."""


@token_group.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, show_default=True, help="What its holder may do.")
@click.option("--days", type=float, help="How long it lasts. Without it: until it is revoked.")
def create_command(name: str, role: str, days: float | None) -> None:
    """Make a token, and print it and nothing else: TOKEN=$(flask --app wsgi token create ci)."""
    with told():
        token, text = tokens.create(**CreateTokenSchema().load({"name": name, "role": role, "days": days}))
    click.echo(text)
    click.echo(f"Token {token.id} of {name}, role {token.role}, ends: {_when(token.expires_at, 'never')}. It is shown this once.", err=True)


@token_group.command("list")
def list_command() -> None:
    """List the tokens, oldest first. None is shown itself."""
    rows = [HEADS, *map(_row, tokens.listing())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@token_group.command("revoke")
@click.argument("token_id", metavar="ID")
def revoke_command(token_id: str) -> None:
    """Revoke the token with this id, and end the sessions that it opened."""
    with told():
        tokens.revoke(token_id)
    click.echo("The token is revoked.", err=True)


def _row(token: Token) -> tuple[str, ...]:
    ends = "ended" if token.is_over else _when(token.expires_at, "never")
    return token.id, token.role, _when(token.created_at), _when(token.used_at, "never"), ends, token.name


def _when(seconds: float | None, none: str = "") -> str:
    return none if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
