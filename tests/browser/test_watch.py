"""The watch itself: a page that does what it may not is found out. No server is needed, the pages are made up."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.watch import OFFLINE, Watch
from tests.support.waiting import until

ORIGIN = "http://127.0.0.1:9"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
Show = Callable[..., Page]


@pytest.fixture
def watching(browser: Browser) -> Iterator[Watch]:
    found = Watch()
    yield found
    found.expect("")
    found.close()


@pytest.fixture
def show(browser: Browser, watching: Watch) -> Show:
    """Show a page of that body, with a script, under that policy."""

    def shown(body: str = "", script: str = "", policy: str = POLICY) -> Page:
        context = browser.new_context()
        watching.follow(context, ORIGIN)
        html = f"<!doctype html><html lang=en><title>A page</title><body>{body}<script src=/script.js></script></body></html>"
        context.route(f"{ORIGIN}/", lambda route: route.fulfill(content_type="text/html", headers={"Content-Security-Policy": policy}, body=html))
        context.route(f"{ORIGIN}/script.js", lambda route: route.fulfill(content_type="text/javascript", body=script))
        context.route("http://127.0.0.1:10/**", lambda route: route.fulfill(body=""))
        page = context.new_page()
        page.goto(f"{ORIGIN}/")
        return page

    return shown


def test_a_page_that_behaves_is_left_in_peace(show: Show, watching: Watch) -> None:
    show("<h1>Good</h1>", "console.log('a word'); console.warn('a warning')")
    assert watching.unexpected() == []
    watching.close()


@pytest.mark.parametrize(
    ("body", "script", "says"),
    [
        ("", "console.error('it broke')", "console error: it broke"),
        ("", "undefinedThing.go()", "script error: undefinedThing is not defined"),
        ("", "Promise.reject(new Error('dropped'))", "script error: dropped"),
        ("", "alert('look')", "dialog: alert 'look'"),
        ("<p style='color: red'>red</p>", "", "Content Security Policy: style-src-attr blocked inline"),
        ("<script>1</script>", "", "Content Security Policy: script-src-elem blocked inline"),
        ("", "eval('1')", "Content Security Policy: script-src blocked eval"),
        ("<a href=http://127.0.0.1:10/x target=_blank>out</a>", "document.querySelector('a').click()", "request to another origin: GET http://127.0.0.1:10/x"),
        ("", "fetch('/nothing')", "net::ERR_"),
    ],
    ids=["console", "exception", "rejection", "dialog", "inline style", "inline script", "eval", "other origin", "no answer"],
)
def test_what_a_page_may_not_do_fails_the_test(show: Show, watching: Watch, body: str, script: str, says: str) -> None:
    show(body, script)
    until(lambda: says in "\n".join(watching.unexpected()), 60, f"the watch has found {says!r}")
    with pytest.raises(AssertionError, match="The browser complains"):
        watching.close()


def test_what_a_test_expects_passes_and_nothing_else_does(show: Show, watching: Watch) -> None:
    watching.expect("it broke", OFFLINE)
    page = show("", "console.error('it broke')")
    assert watching.unexpected() == []
    page.evaluate("console.error('and this')")
    assert [finding.split(" (")[0] for finding in watching.unexpected()] == ["console error: and this"]
