"""Estivador behind the nginx that docs/nginx.conf shows: over TLS, with a real certificate and a real client."""

import re
import socket
import ssl
from collections.abc import Iterator

import pytest
import requests
from docker import DockerClient

from app.config import ROOT
from app.front import GUESSES
from tests.support.estivador import Estivador
from tests.support.nginx import NAME, Nginx, client_of
from tests.support.running import whole_estivador

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador that is told that TLS ends in front of it."""
    folder = tmp_path_factory.mktemp("behind") / "instance"
    # One process, so that one counts all guesses.
    said = {"ESTIVADOR_IN_FRONT": "tls", "ESTIVADOR_HOSTS": NAME, "GUNICORN_CMD_ARGS": "--workers 1"}
    with whole_estivador(folder, docker_client, **said) as place:
        yield place


@pytest.fixture(scope="module")
def nginx(behind: Estivador, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    place = Nginx(tmp_path_factory.mktemp("nginx"), behind.port)
    place.start()
    yield place
    place.stop()


@pytest.fixture
def client(nginx: Nginx, behind: Estivador) -> Iterator[requests.Session]:
    """A client of the API, over TLS."""
    with client_of(nginx) as session:
        session.headers["Authorization"] = f"Bearer {behind.token}"
        yield session


def test_somebody_signs_in_over_tls_and_the_cookie_goes_by_tls_alone(nginx: Nginx, behind: Estivador) -> None:
    with client_of(nginx) as person:
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', person.get(nginx.url("/ui/login/")).text)
        assert csrf is not None
        form = {"csrf_token": csrf[1], "token": behind.token}
        assert person.post(nginx.url("/ui/login/"), data=form, headers={"Origin": "https://evil.example"}).status_code == 403
        answer = person.post(nginx.url("/ui/login/"), data=form, headers={"Origin": f"https://{NAME}:{nginx.port}"}, allow_redirects=False)
        assert answer.status_code == 303
        assert [(cookie.secure, cookie.domain) for cookie in person.cookies] == [(True, NAME)]
        page = person.get(nginx.url("/ui/"))
        assert (page.status_code, page.headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        assert "Sign out" in page.text
        assert person.get(f"http://{NAME}:{behind.port}/ui/").status_code == 401, "the cookie is not sent without TLS"
        assert person.get(f"http://{NAME}:{nginx.plain_port}/ui/?a=b", allow_redirects=False).headers["Location"] == f"https://{NAME}/ui/?a=b"


def test_addresses_are_those_that_the_client_knows(nginx: Nginx, client: requests.Session) -> None:
    answer = client.get(nginx.url("/task"), allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, nginx.url("/task/"))
    said = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example;proto=http"}
    assert client.get(nginx.url("/task"), headers=said, allow_redirects=False).headers["Location"] == nginx.url("/task/")


def test_a_followed_log_comes_while_it_is_written(nginx: Nginx, behind: Estivador, client: requests.Session, busybox_image: str) -> None:
    behind.start_consumer()
    result_id = behind.run(behind.register(busybox_image), command=["sh", "-c", "echo first; while :; do sleep 1; done"], stop_grace=0)
    detail = behind.details(result_id)[0]
    with client.get(nginx.url(f"/result/{result_id}/detail/{detail['detail_id']}/log/?follow=1"), stream=True, timeout=60) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines) == b"first"
        behind.until_result(result_id, lambda result: result["status"] == "RUNNING")  # it never ends, and its line is here
        behind.post(f"/result/{result_id}/", {"operation": "KILL"})
        assert list(lines) == [], "it ends with the execution"
    assert behind.until_ended(result_id)["status"] == "KILLED"


def test_what_is_too_large_is_refused_in_our_words_and_far_above_by_nginx(nginx: Nginx, client: requests.Session) -> None:
    answer = client.post(nginx.url("/task/"), data=b" " * (MIB + 1), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (413, "The body is larger than 1 MiB.")
    in_chunks = client.post(nginx.url("/task/"), data=iter([b" " * MIB, b" "]), headers={"Content-Type": "application/json"})
    assert (in_chunks.status_code, in_chunks.json()["code"]) == (413, 413)
    assert client.post(nginx.url("/task/"), data=b" " * 3 * MIB, headers={"Content-Type": "application/json"}).status_code == 413


def test_the_address_of_who_asks_is_seen_whatever_they_say_it_is(nginx: Nginx) -> None:
    def guess(address: str, number: int) -> int:
        with client_of(nginx, address) as stranger:
            said = {"Authorization": "Bearer x", "X-Forwarded-For": f"192.0.2.{number}", "X-Real-IP": f"192.0.2.{number}"}
            return stranger.get(nginx.url("/task/"), headers=said).status_code

    assert [guess("127.0.0.2", number) for number in range(11)] == [401] * 10 + [429]
    assert guess("127.0.0.3", 1) == 401, "another address has guessed nothing yet"


def test_no_other_host_comes_through(nginx: Nginx, behind: Estivador, client: requests.Session) -> None:
    for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1"}, {"Host": f"{NAME}.evil.example"}):
        with pytest.raises(requests.ConnectionError):
            client.get(nginx.url("/health/"), headers=headers)
    with pytest.raises(requests.ConnectionError):
        client.get(f"https://evil.example:{nginx.port}/health/")
    assert requests.get(behind.url("/health/"), headers={"Host": "evil.example"}, timeout=20).status_code == 400, "not past nginx either"


@pytest.mark.parametrize("hosts", ["Host: evil.example", "Host: evil.example\r\nX-Forwarded-Host: " + NAME, f"Host: {NAME}\r\nHost: evil.example"])
def test_no_line_above_the_headers_vouches_for_another_host(nginx: Nginx, hosts: str) -> None:
    context = ssl.create_default_context(cafile=str(nginx.certificate))
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as plain, context.wrap_socket(plain, server_hostname=NAME) as connection:
        connection.sendall(f"GET https://{NAME}/health/ HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"evil" not in answer


def test_the_page_on_security_names_what_there_is() -> None:
    """Settings, files and commands of SECURITY.md are those of the code."""
    text = (ROOT / "SECURITY.md").read_text()
    known = (ROOT / "app" / "config.py").read_text()
    assert [name for name in set(re.findall(r"ESTIVADOR_[A-Z_]+", text)) if f'"{name}"' not in known] == []
    assert [link for link in re.findall(r"\]\(([\w/.-]+)\)", text) if not (ROOT / link).exists()] == []
    commands = {command.split()[0]: command for command in re.findall(r"flask --app wsgi ([\w -]+)", text)}
    assert commands.keys() == {"token", "rotate-key"}
    for name in ("secret-keys", "admin-token", "cookie-key", "queue-key"):
        assert name in text
    assert [(limit.amount, limit.get_expiry()) for limit in GUESSES] == [(10, 60), (50, 3600)], "as its table says"
