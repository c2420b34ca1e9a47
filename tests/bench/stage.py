"""Where it is measured: one Estivador with much stored and no consumer, a fresh one with a consumer, and a browser; each is made when asked for."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
from docker import DockerClient
from playwright.sync_api import Browser, Page, StorageState

from tests.bench.stored import Stored, sow
from tests.browser.seed import end_all
from tests.browser.signing_in import sign_in
from tests.support.estivador import Estivador
from tests.support.images import temporary_image
from tests.support.running import whole_estivador
from tests.support.waiting import until
from tools.chromium import chromium

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "UTC"}
PATIENCE = 30_000  # milliseconds


class Stage:
    """What the topics share. `with Stage() as stage`; at the end nothing is left."""

    def __enter__(self) -> "Stage":
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="estivador-bench-")))
        self._sessions: dict[int, StorageState] = {}
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @cached_property
    def docker(self) -> DockerClient:
        """The Engine."""
        client = docker.from_env()
        self._stack.callback(client.close)
        return client

    @cached_property
    def image(self) -> str:
        """The tag of a busybox image."""
        return self._stack.enter_context(temporary_image(self.docker))

    @cached_property
    def browser(self) -> Browser:
        """Chromium."""
        return self._stack.enter_context(chromium())

    @cached_property
    def stored(self) -> Stored:
        """What is stored in `full`."""
        return sow(self._folder / "full")

    @cached_property
    def full(self) -> Estivador:
        """The Estivador with 100,000 executions."""
        assert self.stored
        return self._stack.enter_context(whole_estivador(self._folder / "full", self.docker))

    @cached_property
    def fresh(self) -> Estivador:
        """The Estivador that begins with nothing, and runs what it is told to."""
        return self._stack.enter_context(self._with_consumer())

    @contextmanager
    def _with_consumer(self) -> Iterator[Estivador]:
        with whole_estivador(self._folder / "fresh", self.docker) as place:
            place.start_consumer()
            try:
                yield place
            finally:
                end_all(place)
                until(lambda: not place.containers(self.docker), 60, "no container is left")

    @cached_property
    def task(self) -> int:
        """A task of `fresh` that is READY, from `image`."""
        return self.fresh.register(self.image, name="bench")

    @contextmanager
    def page(self, place: Estivador, signed_in: bool = True) -> Iterator[Page]:
        """Give a page in a context of its own, so that nothing is in its cache."""
        state = self._session(place) if signed_in else None
        with self.browser.new_context(base_url=place.url(""), storage_state=state, **DESK) as context:
            context.set_default_timeout(PATIENCE)
            yield context.new_page()

    def _session(self, place: Estivador) -> StorageState:
        """Sign in once to each Estivador, and remember the cookies."""
        if place.port not in self._sessions:
            with self.browser.new_context() as context:
                sign_in(context.new_page(), place)
                self._sessions[place.port] = context.storage_state()
        return self._sessions[place.port]
