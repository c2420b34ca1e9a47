"""Starts Debian's Chromium without a window, in such a way that it speaks to no machine but this one."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools import debian
from tools.common import Problem

FLAGS = (
    "--no-sandbox",  # it would refuse to start as root; all it opens is our own
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser that is closed afterwards; raise Problem where there is none to start."""
    program = debian.find("chromium")
    if program is None:
        raise Problem("There is no chromium. Install it: on Debian as root apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
