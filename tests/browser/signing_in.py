"""Signing in, as a person does it: by the form."""

import re

from playwright.sync_api import Page, expect

from tests.support.estivador import Estivador


def sign_in(page: Page, instance: Estivador, token: str | None = None) -> None:
    """Go through the login form with a token, or else the admin's; returns on the page that comes after it."""
    page.goto(instance.url("/ui/login/"))
    field = page.locator("input[name=token]")
    field.fill(token or instance.token)
    field.press("Enter")
    expect(page).not_to_have_url(re.compile("/ui/login/"))
