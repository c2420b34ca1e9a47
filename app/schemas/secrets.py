"""What may be given and is never shown: secret variables of a run, a task's login at its registry."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.schemas import patterns
from app.schemas.fields import Environment, doc, no_control_characters
from app.services.registry_login import Login

LOGIN = ("registry_username", "registry_password")
LONGEST_PASSWORD = 16 * 1024
"""Characters: some registries take a whole key file as the password."""


class SecretEnvironment(Environment):
    """Secret variables, as Environment reads others; the value null means the one that is there already."""

    json_schema = patterns.SECRETS

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        kept = [name for name, content in value.items() if content is None] if isinstance(value, dict) else []
        read = super()._deserialize({**value, **dict.fromkeys(kept, "")} if kept else value, attr, data, **kwargs)
        return {**read, **dict.fromkeys(kept)}


class SecretsSchema(ma.Schema):
    """Secret variables beside those that are not."""

    secret_env = SecretEnvironment(
        allow_none=True,
        metadata=doc(
            "Secret environment variables, {name: value}: encrypted at rest, and shown by name alone; `docker inspect` shows them to who "
            "may use the Docker socket. A value of null: the one that is there already."
        ),
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def is_secret_or_not(self, data: dict[str, Any], **kwargs: object) -> None:
        """Refuse a name that would have two values."""
        if twice := sorted((data.get("env") or {}).keys() & (data.get("secret_env") or {}).keys()):
            raise ma.ValidationError({"secret_env": [f"{twice[0]!r} is in env too: leave it out of one of them."]})


class LoginSchema(ma.Schema):
    """A task's own login at its registry, which becomes `login`, a Login; that is left out where nothing is said of it."""

    registry_username = fields.String(
        allow_none=True,
        validate=(validate.Length(1, 255), no_control_characters, validate.ContainsNoneOf(":", error="No username has a colon.")),
        metadata=doc("Of its own login at the registry, before the one that `docker login` left. null: none any more.", pattern=patterns.USERNAME),
    )
    registry_password = fields.String(
        allow_none=True,
        validate=(validate.Length(1, LONGEST_PASSWORD), validate.ContainsNoneOf("\0", error="Must not contain a NUL character.")),
        metadata=doc("Goes with registry_username: encrypted at rest, and never shown.", pattern=patterns.NO_NUL),
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def goes_together(self, data: dict[str, Any], **kwargs: object) -> None:
        """Refuse one of the two without the other."""
        username, password = (data.get(name) for name in LOGIN)
        if (username is None) != (password is None):
            missing = LOGIN[username is not None]
            raise ma.ValidationError({missing: ["registry_username and registry_password go together: give both, or null for both."]})

    @ma.post_load
    def as_login(self, data: dict[str, Any], **kwargs: object) -> dict[str, Any]:
        """Put the two together."""
        said = [name in data for name in LOGIN]
        login = Login(*(data.pop(name, None) for name in LOGIN))
        return {**data, "login": login} if any(said) else data
