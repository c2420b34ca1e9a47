"""Builds small images from the static busybox of this machine, without a registry: a tar in memory, imported by the Engine.

It knows nothing of what the images are for.
"""

import functools
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import docker
from docker.errors import ImageNotFound

BUSYBOX = Path("/bin/busybox")
CONTENT_LABEL = "estivador.content"
FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o555, "root": 0o700, "sys": 0o555, "tmp": 0o1777}
ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
}


def is_static(path: Path = BUSYBOX) -> bool:
    """Say whether the program is there and needs no libraries, so that it runs alone in an image."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    # A dynamic program names its loader right behind the headers.
    return start.startswith(b"\x7fELF") and b"/ld-" not in start


@functools.cache
def applets() -> tuple[str, ...]:
    """The commands that busybox answers to."""
    listed = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    return tuple(name for name in listed.stdout.split() if name != "busybox")


def tar(files: dict[str, bytes]) -> bytes:
    """Make the image's root: busybox, a link for each of its commands, and the files (all executable, owned by root)."""
    contents = {"bin/busybox": BUSYBOX.read_bytes()} | ACCOUNTS | {path.lstrip("/"): data for path, data in files.items()}
    folders = dict(FOLDERS)
    for path in contents:
        for parent in list(Path(path).parents)[-2::-1]:
            folders.setdefault(str(parent), 0o755)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, mode in folders.items():
            archive.addfile(_entry(path, tarfile.DIRTYPE, mode))
        for path, data in contents.items():
            archive.addfile(_entry(path, tarfile.REGTYPE, 0o755, size=len(data)), io.BytesIO(data))
        for name in applets():
            if f"bin/{name}" not in contents:
                archive.addfile(_entry(f"bin/{name}", tarfile.SYMTYPE, 0o777, linkname="busybox"))
    return buffer.getvalue()


def _entry(path: str, kind: bytes, mode: int, size: int = 0, linkname: str = "") -> tarfile.TarInfo:
    """One entry; its time is always 0, so that the same content gives the same bytes."""
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, size, linkname
    return entry


def build(client: docker.DockerClient, tag: str, files: dict[str, bytes], changes: list[str]) -> str:
    """Build `tag` (repository:version) and return the image's id; the same content under the same tag is not built again.

    `changes` are lines of a Dockerfile (CMD, ENTRYPOINT, ENV, LABEL …). Raises RuntimeError with the Engine's words.
    """
    data = tar(files)
    content = hashlib.sha256(data + json.dumps(changes).encode()).hexdigest()
    try:
        present = client.images.get(tag)
    except ImageNotFound:
        pass
    else:
        if present.labels.get(CONTENT_LABEL) == content:
            return str(present.id)
    repository, _, version = tag.rpartition(":")
    answer = client.api.import_image_from_data(data, repository=repository, tag=version, changes=[*changes, f"LABEL {CONTENT_LABEL}={content}"])
    return _image_id(str(answer))


def _image_id(answer: str) -> str:
    """Find the id in the Engine's stream of JSON lines."""
    for line in reversed(answer.splitlines()):
        message = json.loads(line)
        if "error" in message:
            raise RuntimeError(message["error"])
        if str(message.get("status", "")).startswith("sha256:"):
            return str(message["status"])
    raise RuntimeError(f"The Engine did not name the image it imported: {answer!r}")
