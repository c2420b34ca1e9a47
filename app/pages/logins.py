"""The login of a task at its registry, in forms: the password is written there and never shown."""

from collections.abc import Mapping

from app.schemas.secrets import LOGIN

REMOVE = "registry_remove"
"""The field that takes the login away."""


def given(values: Mapping[str, str]) -> dict[str, str | None]:
    """Return what a form says of a login, as the API's schemas read it; what is empty is not said. A password is taken as it was typed."""
    return {name: values[name] for name in LOGIN if values.get(name)}


def changed(values: Mapping[str, str], stored: str | None) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    """Return what a form changes of the login with the username `stored`, and what is wrong by field. An empty password changes nothing."""
    username, password = values.get(LOGIN[0], stored or "").strip(), values.get(LOGIN[1], "")
    if values.get(REMOVE):
        return dict.fromkeys(LOGIN), {}
    if not password and username == (stored or ""):
        return {}, {}
    if not password and not username:
        return {}, {LOGIN[0]: ["Must not be empty: tick “Remove the login” to take it away."]}
    return given({LOGIN[0]: username, LOGIN[1]: password}), {}
