"""Listens to a page in Chromium: what goes over the wire, and when what is painted."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
# Playwright's own wait_for_function evaluates text in the page, which our policy forbids.
WAIT = """async ([argument, patience]) => {
    const condition = %s, end = performance.now() + patience;
    for (;;) {
        const found = condition(argument);
        if (found) return found;
        if (performance.now() > end) throw new Error(`Waited ${patience} ms until ${condition}`);
        await new Promise(done => setTimeout(done, 10));
    }
}"""
PATIENCE = 30_000  # milliseconds
# What is in the document when its scripts have run is painted with the next frame.
TELL_SHOWN = "addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => setTimeout(() => { window.shownAt = performance.now(); })));"


@dataclass
class Seen:
    """A request: its address, and of its answer the status and the bytes over the wire, headers included."""

    url: str
    status: int = 0
    bytes: int = 0

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path


class Traffic:
    """All requests of a page from now on, in order."""

    def __init__(self, page: Page, cache: bool = True) -> None:
        self._seen: dict[str, Seen] = {}
        self._page = page
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", lambda event: self._seen.setdefault(event["requestId"], Seen(event["request"]["url"])))
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": not cache})

    @property
    def requests(self) -> list[Seen]:
        """What has been asked for so far, apart from what is in the page itself."""
        return [seen for seen in self._seen.values() if not seen.url.startswith("data:")]

    @property
    def polls(self) -> list[Seen]:
        """The requests of live regions and open logs so far."""
        return [seen for seen in self.requests if seen.path.endswith(("/live", "/log/tail"))]

    def clear(self) -> None:
        """Forget what has been so far."""
        self._seen.clear()

    def elsewhere(self, origin: str) -> list[Seen]:
        """Return the requests to other origins."""
        return [seen for seen in self.requests if not seen.url.startswith(f"{origin}/")]

    def _answered(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._seen:
            self._seen[event["requestId"]].status = event["response"]["status"]

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._seen:
            self._seen[event["requestId"]].bytes = event["encodedDataLength"]


def wait_for(page: Page, condition: str, argument: object = None, patience: int = PATIENCE) -> Any:
    """Call a function in the page until it returns something true, and return that."""
    return page.evaluate(WAIT % condition, [argument, patience])


def first_paint(page: Page) -> float:
    """Wait for the first contentful paint and return when it was, in milliseconds after the navigation began."""
    return float(wait_for(page, FIRST_PAINT))


def loaded(page: Page) -> float:
    """Wait for the load event's end and return when it was."""
    return float(wait_for(page, LOADED))
