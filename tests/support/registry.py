"""A real image registry (Debian's docker-registry) on a loopback port of its own.

The Engine takes any registry on 127.0.0.0/8 without TLS, so no daemon needs a setting for it.
"""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from docker import DockerClient

from tests.support.names import free_port
from tests.support.waiting import until

USER, PASSWORD = "tester", "estivador-test"
# The registry reads bcrypt only; this is PASSWORD, made once, with the lowest cost allowed to be quick.
HTPASSWD = f"{USER}:$2b$05$xJNCI/ULTcViuzbgoDyFO.BktiBjUUR6BBxHbiY9m5XmCVhvhu9A2\n"
ATTEMPTS = 5


class Registry:
    """One docker-registry process; its settings, data and log live in `folder`."""

    def __init__(self, folder: Path, login: bool = False) -> None:
        self.folder = folder
        self.login = login
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """host:port, the first part of an image's name."""
        return f"127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, str] | None:
        """What push and pull take as `auth_config`; None where no login is asked for."""
        return {"username": USER, "password": PASSWORD} if self.login else None

    def start(self) -> None:
        """Start it on a free port and return once it answers. The port may be lost to somebody between: try another."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(ATTEMPTS):
            self.port = free_port()
            self._spawn()
            if until(self._answers_or_died, 60, f"the registry on {self.address} answers") == "answers":
                return
            self.stop()
        raise AssertionError(f"The registry does not start: {self._log_path.read_text()[-2000:]}")

    def stop(self) -> None:
        """End the process, whatever its state."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def push(self, client: DockerClient, image: str, name: str) -> str:
        """Push the local `image` as `name` ("lib/thing:1"); returns its reference here (127.0.0.1:port/lib/thing:1).

        The extra local tag is removed again, so that a pull by the reference really asks the registry. (The layers are
        still there as long as the image itself is: remove that too where bytes must travel.)
        """
        repository, _, tag = name.rpartition(":")
        reference = f"{self.address}/{name}"
        client.api.tag(image, f"{self.address}/{repository}", tag)
        try:
            lines: Any = client.api.push(f"{self.address}/{repository}", tag, stream=True, decode=True, auth_config=self.credentials)
            errors = [line["error"] for line in lines if "error" in line]
        finally:
            client.api.remove_image(reference, noprune=True)
        assert not errors, f"The push of {reference} failed: {errors[0]}"
        return reference

    def asked(self, name: str) -> int:
        """How many requests it has had for the repository `name` so far, by its own log."""
        return self._log_path.read_text(errors="replace").count(f"/v2/{name}/")

    @property
    def _log_path(self) -> Path:
        return self.folder / "registry.log"

    def _spawn(self) -> None:
        settings = self.folder / "config.yml"
        settings.write_text(json.dumps(self._settings()))  # JSON is YAML
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(["docker-registry", "serve", str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.address},
        }
        if self.login:
            passwords = self.folder / "htpasswd"
            passwords.write_text(HTPASSWD)
            settings["auth"] = {"htpasswd": {"realm": "estivador-test", "path": str(passwords)}}
        return settings

    def _answers_or_died(self) -> str:
        if self._process is None or self._process.poll() is not None:
            return "died"
        try:
            with urllib.request.urlopen(f"http://{self.address}/v2/", timeout=2):
                return "answers"
        except urllib.error.HTTPError as refused:
            with refused:
                return "answers" if refused.code == 401 else ""
        except OSError:
            return ""
