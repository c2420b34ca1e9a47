"""Fixtures for tests of the pages that need no browser."""

import pytest
from flask import Flask

from tests.pages.person import Person


@pytest.fixture
def stranger(app: Flask) -> Person:
    """Somebody who is not signed in."""
    return Person(app)


@pytest.fixture
def person(app: Flask) -> Person:
    """Somebody who is signed in as admin."""
    somebody = Person(app)
    somebody.sign_in()
    return somebody
