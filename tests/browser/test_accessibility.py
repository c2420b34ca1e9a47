"""The checks of accessibility themselves: they find what is there, in the scheme and width where it is."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import assert_accessible

GOOD = "<main><h1>Cargo</h1><p>All of it arrived.</p><a href='/x'>Where it is</a></main>"


def show(browser: Browser, body: str, style: str = "") -> Page:
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.set_content(
        "<!doctype html><html lang=en><head><meta name=viewport content='width=device-width, initial-scale=1'><title>Cargo</title>"
        f"<style>:root {{ color-scheme: light dark; background: Canvas }} {style}</style></head><body>{body}</body></html>"
    )
    return page


def test_a_good_page_passes_and_gets_its_size_back(browser: Browser) -> None:
    with show(browser, GOOD) as page:
        assert_accessible(page)
        assert page.viewport_size == {"width": 1000, "height": 700}


@pytest.mark.parametrize(
    ("body", "style", "says"),
    [
        ("<main><h1>Cargo</h1><input></main>", "", r"label \(critical\) at input.*\n    \(light, 320 px; light, 1280 px; dark, 320 px; dark, 1280 px\)$"),
        (GOOD, "p { color: light-dark(#333, #333) }", r"color-contrast \(serious\) at p: .*\n    \(dark, 320 px; dark, 1280 px\)$"),
        (GOOD, "p { transition: color 60s; color: light-dark(#333, #444) }", r"color-contrast \(serious\) at p: .*\n    \(dark, 320 px; dark, 1280 px\)$"),
        (GOOD, "@media (width > 1000px) { p { color: #bbb } }", r"color-contrast \(serious\) at p: .*\n    \(light, 1280 px\)$"),
        (
            "<main><h1>Cargo</h1><button>a</button><button>b</button></main>",
            "button { width: 9px; height: 9px; padding: 0; margin: 0; border: 0 }",
            "target-size",
        ),
        (GOOD, "p { width: 400px }", r"scrolls sideways: the page is 4\d\d px wide <p></p> in <main></main>\n    \(light, 320 px; dark, 320 px\)$"),
    ],
    ids=["no label", "pale in the dark", "pale in the dark after a slow change", "pale on a desk", "small targets", "too wide for a phone"],
)
def test_what_shuts_people_out_is_named_with_its_place(browser: Browser, body: str, style: str, says: str) -> None:
    with show(browser, body, style) as page, pytest.raises(AssertionError, match=says):
        assert_accessible(page)


def test_a_box_that_scrolls_by_itself_is_no_page_that_scrolls_sideways(browser: Browser) -> None:
    with show(browser, f"{GOOD}<div role=region tabindex=0 aria-label=Log><pre>{'word ' * 200}</pre></div>", "div { overflow-x: auto }") as page:
        assert_accessible(page)


def test_what_a_box_that_scrolls_does_not_hold_is_named(browser: Browser) -> None:
    table = f"<div role=region tabindex=0 aria-label=Log><pre>{'word ' * 100}<b>end</b></pre></div>"
    with (
        show(browser, f"{GOOD}{table}", "div { overflow-x: auto } b { position: absolute }") as page,
        pytest.raises(AssertionError, match=r"sideways: .* <b></b> in <pre>"),
    ):
        assert_accessible(page)


def test_a_rule_can_be_left_out_by_name(browser: Browser) -> None:
    with show(browser, "<main><h1>Cargo</h1><input></main>") as page:
        assert_accessible(page, without=("label",))
