"""Image references: `johncosta/redis`, `127.0.0.1:5000/team/tool:1.2`, `busybox@sha256:…`.

The grammar is that of github.com/distribution/reference.
"""

import re
from dataclasses import dataclass

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9]*:[a-fA-F0-9:]*\])(?::[0-9]{{1,5}})?"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{DOMAIN})/)?(?P<path>{COMPONENT}(?:/{COMPONENT})*)"
    rf"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?(?:@(?P<digest>sha256:[a-f0-9]{{64}}))?"
)
DOCKER_HUB = "docker.io"
"""The registry of a reference that names none."""
_IMAGE_ID = re.compile(r"(?:sha256:)?[a-f0-9]{64}")


class BadReference(ValueError):
    """A text that names no image; the message says what a reference looks like."""


@dataclass(frozen=True)
class Reference:
    """A parsed reference: `repository` with its registry where one is named, and a tag or a digest."""

    repository: str
    tag: str | None
    digest: str | None

    @property
    def version(self) -> str:
        """The tag or the digest to ask a registry for; `latest` where the reference names neither, as Docker does."""
        return self.digest or self.tag or "latest"

    @property
    def registry(self) -> str:
        """The host, with its port where one is named, that a pull asks, in lower case."""
        first, slash, _ = self.repository.partition("/")
        host = first.lower() if slash and _is_registry(first) else DOCKER_HUB
        return DOCKER_HUB if host == f"index.{DOCKER_HUB}" else host

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.version}"


def parse(text: str) -> Reference:
    """Parse an image reference; raise BadReference with a sentence that says what is wrong with it."""
    if _IMAGE_ID.fullmatch(text):
        raise BadReference("This is an image id; give the image's repository, such as johncosta/redis or johncosta/redis:7.")
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise BadReference(_complaint(text))
    domain, path = match["domain"], match["path"]
    if domain and not _is_registry(domain):
        if domain != domain.lower() or not re.fullmatch(COMPONENT, domain):
            raise BadReference(_complaint(text))
        domain, path = None, f"{domain}/{path}"
    repository = f"{domain}/{path}" if domain else path
    if len(repository) > 255:
        raise BadReference("An image's repository has at most 255 characters.")
    return Reference(repository, match["tag"], match["digest"])


def _is_registry(domain: str) -> bool:
    """Docker's rule: the part before the first slash is a host if it has a dot, a port, an upper-case letter, or is localhost."""
    return "." in domain or ":" in domain or domain == "localhost" or domain != domain.lower()


def _complaint(text: str) -> str:
    if text != text.strip() or " " in text:
        why = "it has a space"
    elif "://" in text:
        why = "leave the scheme (https://) away"
    elif text != text.lower() and _REFERENCE.fullmatch(text.lower()):
        why = "a repository is written in lower case"
    else:
        why = "it should look like johncosta/redis, registry.example:5000/team/tool:1.2 or name@sha256:…"
    return f"{text[:80]!r} is not an image reference: {why}."
