"""Fixtures: somebody of each role, at the API and at the pages."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.roles import Role
from app.services import tokens
from tests.pages.person import Person


class Program:
    """A client of the API, with the text of a token or without."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app, self.client = app, app.test_client()
        if token:
            self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def request(self, method: str, path: str, **more: object) -> TestResponse:
        """Send any request."""
        # pytest-flask holds a context open all through a test, and a request would find what the one before it left in `g`.
        with self.app.app_context():
            # With a host before it, an address may begin with two slashes.
            return self.client.open(f"http://localhost{path}", method=method, buffered=True, **more)


@pytest.fixture
def texts(app: Flask) -> dict[Role, str]:
    """The text of a token of each role."""
    with app.app_context():
        return {role: tokens.create(f"the {role}", role)[1] for role in Role}


@pytest.fixture
def programs(app: Flask, texts: dict[Role, str]) -> dict[Role, Program]:
    """A client of the API for each role."""
    return {role: Program(app, text) for role, text in texts.items()}


@pytest.fixture
def people(app: Flask, texts: dict[Role, str]) -> dict[Role, Person]:
    """Somebody of each role who is signed in to the pages."""
    found = {role: Person(app, text) for role, text in texts.items()}
    for somebody in found.values():
        somebody.sign_in()
    return found


@pytest.fixture
def stranger(app: Flask) -> Program:
    """Somebody without a token."""
    return Program(app)


@pytest.fixture
def record(app: Flask) -> Callable[[], list[str]]:
    """What the record and the queue hold, but for when a token was used last and for what the audit tells."""

    def read() -> list[str]:
        lines: list[str] = []
        for name in ("estivador.db", "queue.db"):
            path = Path(app.instance_path) / name
            if path.exists():
                with closing(sqlite3.connect(path)) as connection:
                    tables = [table for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
                    for table in tables:
                        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] != "used_at"]
                        if table != "audit":
                            rows = connection.execute(f'SELECT {", ".join(columns)} FROM "{table}"')
                            lines += [f"{table}: {row}" for row in rows]
        return lines

    return read
