"""A whole Estivador for a test: an instance folder, a web server, consumers, all real processes; and a client that speaks to it."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import requests
from docker import DockerClient

from tests.support.names import free_port
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CONSUMER = ("huey_consumer", "wsgi.huey", "-k", "thread", "-w", "8", "-d", "0.05", "-m", "0.5", "-g", "TERM", "-t", "6")
ENDED = {"COMPLETE", "ERROR", "CANCELLED", "KILLED"}


class Estivador:
    """One instance in `folder`. Processes are started when asked for, and all ended by close()."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {"ESTIVADOR_INSTANCE": str(folder), "ESTIVADOR_PORT": str(self.port), **environment}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.session = requests.Session()
        self.session.trust_env = False
        self._person: requests.Session | None = None

    def start_process(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program of the virtual environment in this instance; what it says goes to a file in the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ESTIVADOR_")}
        with (self.folder / f"{command[0]}.out").open("ab") as out:
            process = subprocess.Popen(
                [BIN / command[0], *command[1:]], cwd=ROOT, env={**inherited, **self.environment, **environment}, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_web(self) -> subprocess.Popen[bytes]:
        """Start the web server and wait until it answers."""
        process = self.start_process("gunicorn", "-b", f"127.0.0.1:{self.port}", "--threads", "8", "--no-control-socket", "wsgi:app")
        until(lambda: process.poll() is not None or self._healthy(), 60, "the web server answers")
        assert process.poll() is None, self.said("gunicorn")
        return process

    def _healthy(self) -> bool:
        try:
            return requests.get(self.url("/health/"), timeout=2).ok
        except requests.RequestException:
            return False

    def start_consumer(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a consumer; it is not waited for."""
        return self.start_process(*CONSUMER, **environment)

    def end(self, process: subprocess.Popen[bytes], with_signal: signal.Signals = signal.SIGKILL, timeout: float = 30) -> None:
        """Send a signal, and wait for the process to be gone."""
        if process.poll() is None:
            process.send_signal(with_signal)
        process.wait(timeout)

    @property
    def instance_id(self) -> str:
        """What this instance's containers carry in the label estivador.instance."""
        return str(self.rows("SELECT id FROM instance")[0][0])

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Read the record past all of the application's code."""
        with closing(sqlite3.connect(self.folder / "estivador.db", timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def containers(self, client: DockerClient) -> list[Any]:
        """What the Engine lists of this instance's containers, in whatever state."""
        found: list[Any] = client.api.containers(all=True, filters={"label": f"estivador.instance={self.instance_id}"})
        return found

    def close(self) -> None:
        """End everything that was started."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait(15)
        self.session.close()
        if self._person is not None:
            self._person.close()

    def exits(self) -> str:
        """Which of the processes have ended, and how: a consumer that somebody killed says nothing by itself."""
        ended = [f"{Path(str(process.args[0])).name} {process.returncode}" for process in self.processes if process.poll() is not None]  # type: ignore[index]
        return f"Ended, with exit code (negative: by that signal): {', '.join(ended) or 'none'}."

    def said(self, program: str) -> str:
        """What a program has printed."""
        path = self.folder / f"{program}.out"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def token(self) -> str:
        """The admin token."""
        return (self.folder / "admin-token").read_text().strip()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request with the admin token."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.session.request(method, self.url(path), headers=headers, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        """GET and return the JSON."""
        response = self.request("GET", path, **more)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """POST and return the JSON."""
        response = self.request("POST", path, json=body, **more)
        assert response.status_code in (200, 201), response.text
        return response.json()

    @property
    def person(self) -> requests.Session:
        """Somebody who is signed in to the pages."""
        if self._person is None:
            self._person = requests.Session()
            self._person.trust_env = False
            self.fill_in("/ui/login/", "/ui/login/", token=self.token)
        return self._person

    def page(self, path: str) -> str:
        """GET a page as somebody who is signed in, and return its HTML."""
        response = self.person.get(self.url(path), timeout=30)
        assert response.status_code == 200, response.text
        return response.text

    def fill_in(self, page: str, action: str, **form: str) -> requests.Response:
        """Send a form with the CSRF token of a page, as somebody who is signed in; where it leads to is not followed."""
        person = self.person
        token = re.search(r'name="csrf_token" value="([^"]+)"', person.get(self.url(page), timeout=30).text)
        assert token is not None
        return person.post(self.url(action), data={**form, "csrf_token": token[1]}, timeout=30, allow_redirects=False)

    def register(self, repository: str, **body: Any) -> int:
        """Register an image, wait for its import, and return the task's id."""
        task_id: int = self.post("/task/", {"repository": repository, **body})["task_id"]
        self.until_task(task_id, lambda task: task["status"] in ("READY", "ERROR"))
        return task_id

    def until_task(self, task_id: int, condition: Callable[[Any], bool], timeout: float = 60) -> Any:
        """Wait until the task fulfils a condition, and return it."""
        return self.until_answer(f"/task/{task_id}/", condition, timeout)

    def run(self, task_id: int, **body: Any) -> int:
        """RUN a task and return the result's id."""
        return int(self.post(f"/task/{task_id}/", body)["result_id"])

    def until_result(self, result_id: int, condition: Callable[[Any], bool], timeout: float = 60) -> Any:
        """Wait until the result fulfils a condition, and return it."""
        return self.until_answer(f"/result/{result_id}/", condition, timeout)

    def until_answer(self, path: str, condition: Callable[[Any], bool], timeout: float) -> Any:
        """GET `path` until what it answers fulfils a condition, and return that; on failure the answer last seen is shown."""
        seen: list[Any] = [None]

        def fulfilled() -> bool:
            seen[0] = self.get(path)
            return condition(seen[0])

        try:
            until(fulfilled, timeout, f"{path} is as wanted")
        except AssertionError as late:
            raise AssertionError(f"{late} It answered {seen[0]!r}.\n{self.said('huey_consumer')[-3000:]}\n{self.exits()}") from late
        return seen[0]

    def until_ended(self, result_id: int, timeout: float = 60) -> Any:
        """Wait until all executions of a result have ended, and return it."""
        return self.until_result(result_id, lambda result: result["status"] in ENDED, timeout)

    def details(self, result_id: int) -> list[Any]:
        """All executions of a result, by index."""
        found: list[Any] = []
        page = 1
        while True:
            rows = self.get(f"/result/{result_id}/detail/?page_size=100&page={page}")
            found += rows
            if len(rows) < 100:
                return found
            page += 1

    def log(self, detail: Any, **query: Any) -> str:
        """The log of an execution as text."""
        response = self.request("GET", f"/result/{detail['result_id']}/detail/{detail['detail_id']}/log/", params=query)
        assert response.status_code == 200, response.text
        return response.content.decode(errors="replace")
