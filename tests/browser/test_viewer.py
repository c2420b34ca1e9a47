"""A viewer signs in, finds nothing to change, and follows a live result; nobody is shut out of what a viewer sees."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.seed import Seeded
from tests.browser.signing_in import sign_in
from tests.browser.watch import Watch
from tests.support.estivador import Estivador

READS = {"Pause updates", "Sign out", "Filter", "Follow", "End", "Wrap", "Times", "Copy", "Compare"}
"""Buttons that change nothing of what is recorded."""


@pytest.fixture
def viewer(open_page: OpenPage, estivador: Estivador, seeded: Seeded) -> Iterator[Page]:
    """A page of somebody whose token has the role viewer."""
    made = estivador.post("/token/", {"name": "a reader", "role": "viewer", "days": 1})
    page = open_page(estivador, signed_in=False)
    sign_in(page, estivador, made["token"])
    yield page
    with suppress(requests.RequestException):
        estivador.request("DELETE", f"/token/{made['token_id']}/")


def test_a_viewer_finds_nothing_to_change(viewer: Page, estivador: Estivador, seeded: Seeded, watch: Watch) -> None:
    expect(viewer.locator("#who")).to_have_text("a reader, viewer")
    expect(viewer.get_by_role("navigation", name="Main").get_by_role("link")).to_have_text(["Dashboard", "Tasks", "Results", "Engines", "API"])
    detail = estivador.details(seeded.errors)[0]["detail_id"]
    for path in ("", "task/", f"task/{seeded.task}/", "result/", f"result/{seeded.errors}/", f"result/{seeded.running}/", "engine/", "retention/"):
        viewer.goto(f"/ui/{path}")
        _offers_nothing(viewer)
    viewer.goto(f"/ui/result/{seeded.errors}/detail/{detail}/")
    _offers_nothing(viewer)
    watch.expect("status of 403")
    viewer.goto(f"/ui/task/{seeded.task}/edit/")
    expect(viewer.get_by_text("This needs the role operator, and your token has the role viewer.")).to_be_visible()
    viewer.get_by_role("link", name="Back to what you may see").click()
    expect(viewer.get_by_role("heading", level=1)).to_have_text("seeded")


def _offers_nothing(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    buttons = {button.inner_text().strip() for button in page.get_by_role("button").all() if button.is_visible()}
    assert buttons <= READS, page.url
    assert page.locator("form[method=post]").evaluate_all("forms => forms.map(form => new URL(form.action).pathname)") == ["/ui/logout/"], page.url
    assert page.locator("[data-dialog], .danger, .primary, [hx-post]").count() == 0, page.url


def test_a_viewer_follows_a_live_result(viewer: Page, estivador: Estivador, asleep: int) -> None:
    viewer.goto("/ui/")
    viewer.get_by_role("table", name="Active results").get_by_role("link", name=f"#{asleep}", exact=True).click()
    status = viewer.locator("#live .badge").first
    expect(status).to_have_text("RUNNING")
    _offers_nothing(viewer)
    estivador.post(f"/result/{asleep}/", {"operation": "KILL"})
    expect(status).to_have_text("KILLED")
    expect(viewer.locator("#live")).to_contain_text("1 of 1 ended")
    _offers_nothing(viewer)


def test_nobody_is_shut_out_of_what_a_viewer_sees(viewer: Page, seeded: Seeded, watch: Watch) -> None:
    watch.expect("status of 403")
    for path in (f"task/{seeded.task}/", f"result/{seeded.errors}/", "token/"):
        viewer.goto(f"/ui/{path}")
        assert_accessible(viewer)
