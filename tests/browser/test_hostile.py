"""What a user writes and a container prints stands on the pages as text, and does nothing there."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.pages.words import control_free
from tests.browser.conftest import OpenPage
from tests.browser.hostile import CONTROLS, HOSTILE, MARK, PLAIN, SCRIPTS, Planted, plant, uproot
from tests.browser.watch import Watch
from tests.support.estivador import Estivador

NODES = "() => [...new Set([...document.querySelectorAll('*')].flatMap(e => [e.tagName, ...e.getAttributeNames().map(a => e.tagName + ' ' + a)]))]"
"""Which kinds of elements there are, and which attributes each kind has."""
ADDRESSES = """() => [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()
    .filter(a => /^(href|src|srcset|action|formaction|poster|data|xlink:href|(data-)?hx-(get|post|put|patch|delete))$/.test(a))
    .map(a => e.getAttribute(a))).filter(a => !(new URL(a, location).href.startsWith(location.origin + '/')))"""
"""Addresses that lead out of here, or run something."""
HIDDEN = r"""() => {
    const bad = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
    const found = [], walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
        if (bad.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest('textarea')) found.push(walker.currentNode.data);
    for (const e of document.querySelectorAll('*'))
        for (const a of e.getAttributeNames())
            if (bad.test(e.getAttribute(a)) && a !== 'value') found.push(`${e.tagName} ${a} ${e.getAttribute(a)}`);
    return found;
}"""
"""Text with characters that do something, but for what a form gives back as it was written."""


@pytest.fixture(scope="module")
def innocent(estivador: Estivador, seeded: object, busybox_image: str) -> Iterator[Planted]:
    """The same with harmless words."""
    found = plant(estivador, busybox_image, PLAIN)
    yield found
    uproot(estivador, found)


@pytest.fixture(scope="module")
def nodes() -> set[str]:
    """What a page may be made of: filled before anything hostile is there. A list of many labels, and one of
    several pages, say that there are more."""
    return {"LI class", "A rel", "NAV class"}


@pytest.fixture
def known(innocent: Planted, nodes: set[str], open_page: OpenPage, watch: Watch, estivador: Estivador) -> set[str]:
    # Parts of pages have no icon of their own, so a browser that opens one as a page asks for it by itself.
    watch.expect("/favicon.ico")
    if "BODY" not in nodes:
        page = open_page(estivador)
        for path in innocent.paths():
            page.goto(path)
            nodes.update(page.evaluate(NODES))
    return nodes


@pytest.fixture(scope="module")
def _garden() -> Iterator[dict[str, Any]]:
    garden: dict[str, Any] = {}
    yield garden
    if garden:
        uproot(garden["place"], garden["planted"])


@pytest.fixture
def planted(known: set[str], _garden: dict[str, Any], estivador: Estivador, busybox_image: str) -> Planted:
    """What carries the attacks, once it is known what pages are made of without."""
    if not _garden:
        _garden.update(place=estivador, planted=plant(estivador, busybox_image, HOSTILE))
    found: Planted = _garden["planted"]
    return found


def assert_inert(page: Page, known: set[str] | None = None) -> None:
    assert page.locator(f"#{MARK}").count() == 0
    assert page.locator("iframe, img, object, embed, base, [onerror], [onload], [hx-on\\:click]").count() == 0
    assert page.locator("script:not([src])").count() == 0
    assert page.evaluate(ADDRESSES) == []
    assert page.evaluate(HIDDEN) == []
    assert page.title() == control_free(page.title())
    if known is not None:
        assert set(page.evaluate(NODES)) - known == set()


def test_it_stands_as_text_wherever_it_is_shown(page: Page, watch: Watch, planted: Planted, known: set[str]) -> None:
    shown: set[str] = set()
    for path in planted.paths():
        page.goto(path)
        assert_inert(page, known)
        text = page.locator("body").inner_text()
        shown |= {attack for attack in SCRIPTS if attack in text}
        assert watch.unexpected() == [], path
    assert shown == set(SCRIPTS), "each of them is shown somewhere, as it was written"


def test_it_is_inert_when_a_refresh_brings_it(page: Page, planted: Planted, known: set[str]) -> None:
    for path in ("/ui/task/", f"/ui/result/{planted.running}/", f"/ui/result/{planted.running}/detail/{planted.details[planted.running]}/"):
        page.goto(path)
        with page.expect_response(lambda answer: "/live" in answer.url):
            page.evaluate("document.dispatchEvent(new Event('wake'))")
        assert_inert(page, known)


def test_it_is_inert_in_the_address(page: Page, watch: Watch, planted: Planted) -> None:
    address = "([path, fields, text]) => path + '?' + new URLSearchParams(fields.map(field => [field, text]))"
    short = " ".join((SCRIPTS[0], SCRIPTS[2], SCRIPTS[5], CONTROLS[5], CONTROLS[0]))  # as far as an address goes
    of_result, of_detail = f"/ui/result/{planted.result}/", f"/ui/result/{planted.result}/detail/{planted.details[planted.result]}/"
    for path in ("/ui/result/", "/ui/task/", "/ui/login/", "/ui/audit/", "/ui/task/new/", of_result, f"{of_result}compare/", of_detail):
        page.goto(page.evaluate(address, [path, ["text", "next", "label", "matrix", "find", "style", "repository", "name", "time"], short]))
        assert_inert(page)
    for field in ("from", "to", "status", "page", "reason", "attempt", "line", "sort", "token_id"):
        for path in ("/ui/result/", "/ui/audit/", of_result, of_detail):
            page.goto(page.evaluate(address, [path, [field], HOSTILE.all[:300]]))
            assert_inert(page)
    watch.expect("status of 404")
    page.goto(page.evaluate("text => '/ui/' + encodeURIComponent(text.replaceAll('/', ''))", HOSTILE.all))
    assert_inert(page)


def test_it_is_inert_in_a_form_that_is_refused(page: Page, watch: Watch, planted: Planted) -> None:
    watch.expect("status of 422")
    page.goto("/ui/task/new/")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    fields = page.locator("form input:not([type=hidden], [type=checkbox], [type=radio], [type=password], [type=number]), form textarea").all()
    filled = [field for field in fields if field.is_visible() and field.get_attribute("id")]
    ids = {field.get_attribute("id") for field in filled}
    assert {"repository", "name", "description", "command", "entrypoint", "env", "secret_env", "matrix", "labels", "workdir", "user"} <= ids
    for field in filled:
        field.fill(HOSTILE.all)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#summary")).to_be_focused()
    assert SCRIPTS[0] in page.locator("#name").input_value()
    assert_inert(page)
    page.goto("/ui/token/")
    page.locator("#name").fill(HOSTILE.all)
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#summary")).to_be_focused()
    assert_inert(page)


def test_a_token_is_inert_where_it_is_shown_once(page: Page, planted: Planted, estivador: Estivador) -> None:
    page.goto("/ui/token/")
    page.locator("#name").fill(f"once {SCRIPTS[2]}")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    assert_inert(page)
    (made,) = [token for token in estivador.get("/token/?page_size=100") if token["name"] == f"once {SCRIPTS[2]}"]
    assert estivador.request("DELETE", f"/token/{made['token_id']}/").status_code == 204


def test_the_log_shows_what_would_turn_the_reading_direction(page: Page, planted: Planted) -> None:
    page.goto(f"/ui/result/{planted.result}/detail/{planted.details[planted.result]}/")
    expect(page.locator("#log .ctl", has_text="U+202E").first).to_be_visible()
    expect(page.locator("#L1")).to_contain_text(SCRIPTS[0])
    expect(page.locator("#L2 .f1").first).to_contain_text(SCRIPTS[0])
    assert page.locator("#log a[href]:not([href^='?'], [href^='#'])").count() == 0
    assert "title" not in page.title()


def test_the_find_field_searches_for_it_as_text(page: Page, planted: Planted) -> None:
    page.goto(f"/ui/result/{planted.result}/detail/{planted.details[planted.result]}/")
    page.locator("#find").fill(SCRIPTS[0])
    expect(page.locator("#found")).to_have_text(re.compile("^1 of [1-9]"))
    assert_inert(page)


def test_files_are_saved_and_never_shown_and_hold_no_formula(estivador: Estivador, planted: Planted) -> None:
    of_result = f"/result/{planted.result}/"
    of_detail = f"{of_result}detail/{planted.details[planted.result]}/"
    for path in (f"{of_result}detail.csv", f"{of_result}detail.ndjson", f"{of_detail}log/", "/audit.ndjson"):
        answer = estivador.request("GET", path)
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert (answer.status_code, answer.headers["X-Content-Type-Options"], kind in ("text/csv", "text/plain", "application/x-ndjson")) == (
            200,
            "nosniff",
            True,
        )
        if "log" not in path:
            assert answer.headers["Content-Disposition"].startswith("attachment"), path
    for path in (f"/ui{of_detail}log/", f"/ui{of_result}detail.csv", f"/ui{of_result}detail.ndjson", "/ui/audit.ndjson"):
        answer = estivador.person.get(estivador.url(path), timeout=30)
        assert (answer.status_code, answer.headers["Content-Disposition"][:10], answer.headers["X-Content-Type-Options"]) == (200, "attachment", "nosniff")
    rows = list(csv.reader(io.StringIO(estivador.request("GET", f"{of_result}detail.csv").text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert f"'{SCRIPTS[-1]}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r")) or (cell.startswith("-") and not cell[1:].isdigit())]
