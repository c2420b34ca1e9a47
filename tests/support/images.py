"""Small local images made from this machine's busybox, so that no test needs a registry on the internet."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from tests.support.names import unique_name
from tools import busybox

REPOSITORY = "estivador-test/busybox"


def build_image(client: DockerClient, files: Mapping[str, bytes] | None = None, changes: Sequence[str] = ()) -> str:
    """Build a busybox image (one layer; `files` by absolute path, all executable) under a new tag; returns the tag.

    `changes` are lines of a Dockerfile; the command is `sh` unless they say otherwise.
    """
    tag = f"{REPOSITORY}:{unique_name('t')}"
    busybox.build(client, tag, dict(files or {}), list(changes) or ['CMD ["sh"]'])
    return tag


def image_id(client: DockerClient, reference: str) -> str:
    """The id (sha256:…) the Engine's store has for the reference."""
    found: str = client.api.inspect_image(reference)["Id"]
    return found


def random_file(megabytes: float) -> dict[str, bytes]:
    """A file no other image has, and that does not compress: its layer must really travel when it is pulled."""
    return {"/random": os.urandom(int(megabytes * 1024 * 1024))}


def remove_image(client: DockerClient, reference: str) -> None:
    """Remove the image if it is there. One that a container still runs stays (that container's test says what is wrong)."""
    try:
        client.api.remove_image(reference, force=True)
    except ImageNotFound:
        pass
    except APIError as refused:
        if refused.status_code != 409:
            raise


@contextmanager
def temporary_image(client: DockerClient, files: Mapping[str, bytes] | None = None, changes: Sequence[str] = ()) -> Iterator[str]:
    """A busybox image under a tag of its own, removed at the end. Yields the tag."""
    tag = build_image(client, files, changes)
    try:
        yield tag
    finally:
        remove_image(client, tag)
