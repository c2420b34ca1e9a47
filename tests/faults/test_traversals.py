"""Ids, names and references that try to be paths: whatever they are, the Engine is asked for nothing but what Estivador asks of it for its own.

A proxy in front of the Engine's socket writes down each request. Each must match a pattern of what the product does for legitimate ids.
"""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.engine.containers import checked
from tests.support.engine_proxy import EngineProxy
from tests.support.estivador import Estivador

DIGITS = "%D9%A9"
"""A nine in Arabic, which Python's int() reads."""
IN_PATHS = (
    "../../x", "..%2f..%2fx", "%2e%2e", "%2e%2e/%2e%2e/containers/json", "..%2f", "..%252f..%252finfo", "7%2f..%2f..%2finfo", "..%5c..%5cinfo", "..;/info",
    "7/../../../containers/json", "7?x=../../info", "7#/../../info", "7%23/../info", "7%3Fall=1", "%00", "7%00", "7%0a", "7%0d%0aHost:%20other", "7@other",
    "7%40other", "/etc/passwd", "%2fvar%2frun%2fdocker.sock", "9" * 65, "a" * 65, "A" * 64, "f" * 64, DIGITS * 3, "container:other", "estivador-00000000-1-1",
    "-7", "+7", "7e3", "0x7", "7;id=1", "*", "%EF%BC%97", "sha256:" + "1" * 64,
)  # fmt: skip
"""What stands in an address where an id should be. No task, result or execution has the id 7, and none 999."""
REFERENCES = (
    "x/../../containers/json", "../../x", "x/..", "x/../y", "..", ".", "%2e%2e/x", "x%2f..%2f..%2finfo", "x?all=1", "x#y", "x\0", "x\n", "x\r\nHost: other", "x y",
    "/etc/passwd", "//x", "x//y", "x/", "user:password@registry.example/x", "registry.example@other/x", "registry.example:5000/../x", "http://registry.example/x",
    "unix:///var/run/docker.sock", "registry.example:999999/x", "registry.example:port/x", "registry.example/", "registry.example:5000?x/y", "[::1/../..]:5000/x",
    "x:../../y", "x:..%2f", "x:tag/../y", "x@sha256:../../" + "1" * 57, "x@sha256:" + "1" * 65, "x@sha256:" + "A" * 64, "sha256:" + "1" * 64, "f" * 64, "a/" * 128 + "a",
    "X", "x\u0661/\u2025", "\uff0e\uff0e/x", "x\\..\\y",
)  # fmt: skip
NETWORKS = (
    "host",
    "HOST",
    "default",
    "container:other",
    "Container:other",
    "container:../../x",
    "../../x",
    "bridge/../host",
    "x?y",
    "x#y",
    "x\n",
    "bridge\0",
    "ns:/proc/1/ns/net",
    "",
)
NAMES = ("../../x", "..%2f..%2finfo", "x/../../containers/json", "x?all=1", "x#y", "container:other", "@", "sha256:" + "1" * 64, "/etc/passwd")
"""Names of tasks are free, and never get into a request of the Engine."""


class Raw(http.client.HTTPConnection):
    """Sends targets as they are: other clients tidy up what has dots in it."""

    def _validate_path(self, url: str) -> None:
        """Whatever it is."""


class Asker:
    """Sends requests with the admin token, and to pages with a session."""

    def __init__(self, place: Estivador) -> None:
        self.place, self.connection = place, Raw("127.0.0.1", place.port, timeout=30)
        page = place.page("/ui/token/")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        self.csrf = found[1]
        self.cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in place.person.cookies)
        self.sent = 0

    def ask(self, method: str, target: str, body: Any = None) -> tuple[int, str]:
        """Send a request: JSON to the API, a form to a page. Returns the status and the text."""
        self.sent += 1
        if target.startswith("/ui"):
            headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
            data = urlencode({"csrf_token": self.csrf, **(body or {})}) if method not in ("GET", "HEAD") else None
        else:
            headers = {"Authorization": f"Bearer {self.place.token}", "Content-Type": "application/json"}
            data = None if body is None else json.dumps(body)
        self.connection.request(method, target, data, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        self.connection.close()  # the server gives up one that is idle for a while
        return answer.status, text


def patterns(*references: str) -> list[re.Pattern[str]]:
    """What the product asks of the Engine, for these image references."""
    version, container, own = r"/v[0-9.]+", r"[0-9a-f]{64}", r"estivador-[0-9a-f]{8}-[0-9]+-[0-9]+"
    known = "|".join(map(re.escape, references))
    pulled = "|".join(re.escape(quote(reference.rpartition(":")[0], safe="")) for reference in references)
    texts = [
        r"GET /version", r"GET /_ping", rf"GET {version}/(_ping|info|version|system/df)", rf"GET {version}/events\?[!-~]+",
        rf"GET {version}/containers/json\?[!-~]+", rf"POST {version}/containers/create\?name={own}", rf"GET {version}/containers/({container}|{own})/json",
        rf"POST {version}/containers/{container}/start", rf"POST {version}/containers/{container}/kill\?signal=SIG(TERM|KILL)",
        rf"GET {version}/containers/{container}/logs\?stdout=1&stderr=1&timestamps=1&follow=0&tail=(all|[0-9]+)(&since=[0-9]+\.[0-9]{{9}})?",
        rf"GET {version}/containers/{container}/stats\?stream=false&one-shot=true", rf"DELETE {version}/containers/{container}\?v=True&link=False&force=False",
        rf"GET {version}/images/json\?[!-~]+", rf"GET {version}/images/({known}|sha256:[0-9a-f]{{64}})/json", rf"POST {version}/images/create\?fromImage=({pulled})&tag=latest",
    ]  # fmt: skip
    return [re.compile(text) for text in texts]


@pytest.fixture
def asker(watched: Estivador) -> Iterator[Asker]:
    found = Asker(watched)
    yield found
    found.connection.close()


def unintended(proxy: EngineProxy, *references: str) -> list[str]:
    """The requests that match nothing that the product does."""
    allowed = patterns(*references)
    return [line for line in proxy.lines if not any(pattern.fullmatch(line) for pattern in allowed)]


def with_arguments(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.arguments and not rule.rule.startswith("/ui/<path")]


def addresses(rule: Rule, ids: dict[str, int]) -> Iterator[str]:
    """The addresses of a rule with one of its arguments bent in each way, the others as they should be; and with all of them bent."""
    pieces = re.split(r"<(?:[^:>]*(?:\([^)]*\))?:)?([^>]+)>", rule.rule)
    names = pieces[1::2]
    for bent in [*([name] for name in names), *([names] if len(names) > 1 else [])]:
        for value in IN_PATHS:
            yield "".join(piece if place % 2 == 0 else (value if piece in bent else str(ids.get(piece, "csv"))) for place, piece in enumerate(pieces))


def test_whatever_stands_for_an_id_or_a_name_the_engine_is_asked_for_nothing_else(
    watched: Estivador, asker: Asker, engine_proxy: EngineProxy, busybox_image: str, app: Flask
) -> None:
    watched.start_consumer()
    task_id = watched.register(busybox_image)
    first, second = (watched.run(task_id, command="sh -c 'echo told; exit 3'") for _ in range(2))
    watched.until_ended(first), watched.until_ended(second)
    (mine,), (other,) = watched.details(first), watched.details(second)
    ids = {"task_id": task_id, "result_id": first, "other_id": second, "detail_id": mine["detail_id"], "place": 0, "token_id": 7}
    before = len(engine_proxy.lines)
    # Each address, by each of its methods.
    answers = []
    for rule in with_arguments(app):
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            answers += [(method, target, asker.ask(method, target)[0]) for target in addresses(rule, ids)]
    assert [answer for answer in answers if answer[2] >= 500] == []
    # A part of a page is there to say that its object is gone, or what is wrong with a field; what is after a ? is no part of the id.
    taken = [
        answer
        for answer in answers
        if answer[2] < 400 and answer[2] != 308 and "?" not in answer[1] and not answer[1].endswith(("/live", "/log/tail", "/forecast"))
    ]
    assert taken == []
    # An execution of another result is not there, whoever asks in which way.
    for path in ("", "log/", "live", "log/tail", "log/before?line=3", "kill/"):
        for prefix in ("", "/ui"):
            status, text = asker.ask("GET", f"{prefix}/result/{first}/detail/{other['detail_id']}/{path}")
            assert status == (200 if path in ("live", "log/tail") and prefix else 404), (prefix, path)
            assert "told" not in text
            assert other["container_id"][:12] not in text
    assert asker.ask("POST", f"/result/{first}/detail/{other['detail_id']}/", {"operation": "RERUN"})[0] == 404
    for attempt in ("../../info", "%2e%2e", "9" * 65, DIGITS, "2", "0", "-1", "1%00", "%3F", "1%26follow=1", "1e1"):
        for path in (f"/result/{first}/detail/{mine['detail_id']}/log/", f"/ui/result/{first}/detail/{mine['detail_id']}/log/"):
            assert asker.ask("GET", f"{path}?attempt={attempt}")[0] in (200, 404, 422), attempt
    for query in ("image_id=../../x", "label=../../x=y", "matrix=..%2f=x", "text=../../x", "name=../../x", "repository=x/../../containers/json"):
        for path in ("/task/", "/result/", f"/result/{first}/detail/", f"/task/{task_id}/image/", "/ui/result/", "/ui/task/"):
            assert asker.ask("GET", f"{path}?{query}")[0] in (200, 422), (path, query)
    # Nobody had to ask the Engine for any of that; its consumer goes on with its own looks at it.
    asked = [line for line in engine_proxy.lines[before:] if not re.search(r"/containers/json|/info$|/version$|/_ping$|/events|/system/df", line)]
    assert asked == []
    assert unintended(engine_proxy, busybox_image) == []
    assert asker.sent > 2000


def test_whatever_stands_for_an_image_or_a_network_the_engine_is_asked_for_nothing_else(
    watched: Estivador, asker: Asker, engine_proxy: EngineProxy, busybox_image: str
) -> None:
    watched.start_consumer()
    for reference in REFERENCES:
        assert asker.ask("POST", "/task/", {"repository": reference})[0] == 422, reference
        if reference == reference.strip():  # which a form is read without
            assert asker.ask("POST", "/ui/task/new/", {"repository": reference})[0] == 422, reference
    task_id = watched.register(busybox_image, name=NAMES[0])
    for name in NAMES:
        assert asker.ask("PATCH", f"/task/{task_id}/", {"name": name})[0] == 200, name
        watched.post(f"/task/{task_id}/", {"operation": "IMPORT"})
        watched.until_task(task_id, lambda task: task["status"] == "READY")
    for network in NETWORKS:
        assert asker.ask("POST", f"/task/{task_id}/", {"network": network})[0] == 422, network
        assert asker.ask("PATCH", f"/task/{task_id}/", {"parameters": {"network": network}})[0] == 422, network
        if network:
            assert asker.ask("POST", f"/ui/task/{task_id}/", {"network": network, "times": "1"})[0] == 422, network
    # In a body, and not in an address: what a container gets is free.
    bent = {"workdir": "/tmp/../../tmp", "env": {"../../x": "../../y"}, "labels": {"../../x": "?#@"}, "command": ["echo", "../../x", "%2e%2e"]}
    result_id = watched.run(task_id, **bent)
    assert watched.until_ended(result_id)["status"] == "COMPLETE"
    assert watched.log(watched.details(result_id)[0]) == "../../x %2e%2e\n"
    # A registry that is none, so that a pull is among what was seen.
    closed = "127.0.0.1:9/team/json"
    assert watched.get(f"/task/{watched.register(closed)}/")["reason"] == "registry_unreachable"
    assert unintended(engine_proxy, busybox_image, f"{closed}:latest") == []
    # The proxy does see what is asked.
    for pattern in ("POST .*/containers/create", "POST .*/start$", "GET .*/logs", "DELETE .*/containers/", "POST .*/images/create", "GET .*/images/.*/json$"):
        assert any(re.match(pattern, line) for line in engine_proxy.lines), pattern


@pytest.mark.parametrize(
    "text", [*IN_PATHS, *NAMES, "", "f" * 63, "F" * 64, "f" * 64 + "\n", "estivador-00000000-1-1\n", "estivador-00000000-1-\u0661", "estivador-0-1-1"]
)
def test_nothing_but_an_id_or_a_name_of_ours_gets_into_an_address_of_the_engine(text: str) -> None:
    if text in ("f" * 64, "estivador-00000000-1-1"):
        assert checked(text) == text
        return
    with pytest.raises(ValueError, match="not a container id or a name of ours"):
        checked(text)
