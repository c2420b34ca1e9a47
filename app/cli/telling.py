"""How a command tells what it refuses: as the API does, in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import marshmallow as ma

from app.errors import EstivadorError


@contextmanager
def told() -> Iterator[None]:
    """End the command with the sentence of a refusal."""
    try:
        yield
    except EstivadorError as error:
        raise click.ClickException(error.message) from None
    except ma.ValidationError as error:
        found = error.messages if isinstance(error.messages, dict) else {"token": error.messages}
        raise click.ClickException(" ".join(f"{name}: {' '.join(sentences)}" for name, sentences in found.items())) from None
