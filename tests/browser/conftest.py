"""Fixtures for tests in Chromium: one browser and one seeded Estivador for all of them, and a page for each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from docker import DockerClient
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.clearing import clear
from tests.browser.seed import Seeded, end_all, sow
from tests.browser.signing_in import sign_in
from tests.browser.watch import Watch
from tests.support.estivador import Estivador
from tests.support.running import whole_estivador
from tests.support.waiting import until
from tools.chromium import chromium

OpenPage = Callable[..., Page]
PATIENCE = 30_000  # milliseconds
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "UTC", "reduced_motion": "reduce"}


# Of the package, not of the session: neither the browser nor the sleeping containers are there while other tests measure.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests here; contexts keep them apart."""
    expect.set_options(timeout=PATIENCE)
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def estivador(tmp_path_factory: pytest.TempPathFactory, docker_client: DockerClient) -> Iterator[Estivador]:
    """The Estivador that the tests share, with web side and, once `seeded`, a consumer of 8 slots."""
    # Nothing is sampled: what is idle here is to be idle.
    quiet = {"ESTIVADOR_SLOTS": "8", "ESTIVADOR_SAMPLE_EVERY": "0"}
    with whole_estivador(tmp_path_factory.mktemp("browser") / "instance", docker_client, **quiet) as place:
        yield place
        end_all(place)
        until(lambda: not place.containers(docker_client), 60, "no container is left")


@pytest.fixture(scope="package")
def seeded(estivador: Estivador, busybox_image: str) -> Seeded:
    """A task READY, and results COMPLETE, with ERRORs, RUNNING and CANCELLED, in `estivador`."""
    return sow(estivador, busybox_image)


@pytest.fixture
def asleep(estivador: Estivador, seeded: Seeded) -> Iterator[int]:
    """A result whose one execution sleeps until it is killed."""
    result = estivador.run(seeded.task, command="sleep 3600")
    estivador.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    yield result
    clear(estivador, result)


@pytest.fixture(scope="package")
def _sessions() -> dict[str, StorageState]:
    """The cookies of those who are signed in, by instance folder."""
    return {}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the pages of this test must not do; `watch.expect(pattern)` lets a finding pass. The test fails by the others."""
    watching = Watch()
    yield watching
    watching.close()


@pytest.fixture
def open_page(browser: Browser, watch: Watch, _sessions: dict[str, StorageState]) -> OpenPage:
    """Open a watched page in a context of its own: open_page(instance, signed_in=True, **options of Browser.new_context).

    The one who signs out, or changes the token, uses signed_in=False and sign_in(): sessions are shared between tests.
    """

    def opened(instance: Estivador, signed_in: bool = True, **options: Any) -> Page:
        state = _session(browser, instance, _sessions) if signed_in else None
        context = browser.new_context(base_url=instance.url(""), storage_state=state, **{**DESK, **options})
        context.set_default_timeout(PATIENCE)
        watch.follow(context, instance.url(""))
        return context.new_page()

    return opened


@pytest.fixture
def page(open_page: OpenPage, estivador: Estivador, seeded: Seeded) -> Page:
    """A page in a fresh context, signed in to the seeded Estivador: page.goto("/ui/")."""
    return open_page(estivador)


def _session(browser: Browser, instance: Estivador, sessions: dict[str, StorageState]) -> StorageState:
    """Sign in once for each instance, and remember the cookies."""
    name = str(instance.folder)
    if name not in sessions:
        with browser.new_context() as context:
            sign_in(context.new_page(), instance)
            sessions[name] = context.storage_state()
    return sessions[name]
