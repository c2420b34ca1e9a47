"""What `make lint` says of vulnerabilities, with pip-audit itself and a service of the test's own."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.common import Problem
from tools.vulnerabilities import KNOWN_BAD, REQUIREMENTS, main

Services = dict[str, tuple[str, ...]]


def vulnerability(name: str, package: str) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
    return {"id": name, "summary": "bad", "affected": [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}]}


@pytest.fixture
def service() -> Iterator[Callable[..., Services]]:
    """A service that knows these packages as vulnerable, and no other."""
    servers = []

    def make(*packages: str) -> Services:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name, pin = asked["package"]["name"], f"{asked['package']['name']}=={asked['version']}"
                answer = json.dumps({"vulns": [vulnerability("EXAMPLE-1", name)]} if pin in packages else {}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return {"Mine": ("-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/")}

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nobody() -> Iterator[Services]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield {"Nobody": ("-s", "osv", "--osv-url", f"http://127.0.0.1:{taken.getsockname()[1]}/")}


@pytest.fixture
def requirements(tmp_path: Path) -> list[Path]:
    files = {"requirements.txt": "flask==3.1.3\n", "requirements-dev.txt": "-r requirements.txt\nruff==0.1.0\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in files]


def test_a_vulnerability_of_what_is_pinned_fails_and_says_which_version_mends_it(requirements: list[Path], service: Callable[..., Services]) -> None:
    with pytest.raises(Problem, match=r"flask 3\.1\.3: EXAMPLE-1, mended by 99\.1"):
        main(requirements, service(KNOWN_BAD, "flask==3.1.3"))


def test_without_a_finding_it_says_how_much_was_looked_at(
    requirements: list[Path], service: Callable[..., Services], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(requirements, service(KNOWN_BAD)) == 0
    assert capsys.readouterr().out == "2 pinned packages without a known vulnerability (Mine).\n"


def test_a_service_that_does_not_answer_or_knows_of_nothing_has_checked_nothing(
    requirements: list[Path], nobody: Services, service: Callable[..., Services], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(requirements, nobody | service()) == 0
    assert capsys.readouterr().out.startswith("NOT CHECKED for known vulnerabilities: Nobody and Mine can't be asked from here.")


def test_the_next_service_is_asked_where_the_first_does_not_answer(
    requirements: list[Path], nobody: Services, service: Callable[..., Services], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(requirements, nobody | service(KNOWN_BAD)) == 0
    assert capsys.readouterr().out == "2 pinned packages without a known vulnerability (Mine).\n"


def test_all_that_is_pinned_is_looked_at(service: Callable[..., Services], capsys: pytest.CaptureFixture[str]) -> None:
    pinned = [line for file in REQUIREMENTS for line in file.read_text().splitlines() if "==" in line]
    assert main(REQUIREMENTS, service(KNOWN_BAD)) == 0
    assert capsys.readouterr().out.startswith(f"{len(pinned)} pinned packages")
