"""Makes pages poll at once instead of in a while, lists what they asked, and waits by the page's own clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Response

# Resolves when the region's request is over and its answer, if it was one to show, is shown.
POLL = """region => new Promise(done => {
    const over = ({ detail: { ctx } }) => {
        if (ctx.sourceElement.id !== region) return;
        document.removeEventListener('htmx:finally:request', over);
        done(ctx.response ? ctx.response.status : 0);
    };
    document.addEventListener('htmx:finally:request', over);
    document.dispatchEvent(new Event('wake'));
})"""


@dataclass(frozen=True)
class Answer:
    """What a poll got."""

    path: str
    status: int


class Polls:
    """What a page asks for by itself, from now on: its live region, and the tail of its log."""

    ENDS = ("/live", "/log/tail")

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.answers: list[Answer] = []
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _asked(self, request: Request) -> None:
        path = urlsplit(request.url).path
        if path.endswith(self.ENDS):
            self.requests.append(path)

    def _answered(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if path.endswith(self.ENDS):
            self.answers.append(Answer(path, response.status))

    def during(self, page: Page, seconds: float) -> list[str]:
        """Wait by the page's clock, and return what it asked for meanwhile."""
        page.evaluate("0")  # brings what was asked before
        before = len(self.requests)
        page.evaluate("seconds => new Promise(done => setTimeout(done, seconds * 1000))", seconds)
        return self.requests[before:]


def poll(page: Page, region: str = "live") -> int:
    """Let the region ask now, and return the status it got (0 for none) once the answer is shown."""
    status: int = page.evaluate(POLL, region)
    return status


def through_changes(page: Page, check: Callable[[], None], changes: int = 20, timeout: float = 60) -> None:
    """Let the live region ask again and again until it has been changed so many times; `check` after each."""
    deadline = time.monotonic() + timeout
    changed = 0
    while changed < changes:
        assert time.monotonic() < deadline, f"The region was changed only {changed} times in {timeout:g} s."
        if poll(page) == 200:
            changed += 1
            check()
