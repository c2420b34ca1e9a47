"""The live region: what changes is on the page at once, and the one who reads, types or chooses there is not disturbed."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import JSHandle, Page, Response, expect

from tests.browser.clearing import clear
from tests.browser.conftest import OpenPage
from tests.browser.polls import Polls, poll, through_changes
from tests.browser.seed import Seeded
from tests.browser.watch import OFFLINE, Watch
from tests.support.estivador import Estivador

HALF_FAIL = ["sh", "-c", "sleep 1; exit $((ESTIVADOR_INDEX % 2))"]
SOON = 15_000
"""Milliseconds in which a page that polls every 2 s has polled, however busy the machine is."""


@pytest.fixture
def busy(estivador: Estivador, seeded: Seeded) -> Iterator[int]:
    """A result that changes several times a second as long as a test lasts: executions end, half of them ERROR, and others start."""
    result = estivador.run(seeded.task, times=500, command=HALF_FAIL)
    estivador.until_result(result, lambda found: found["counts"]["RUNNING"] > 0)
    yield result
    clear(estivador, result)


def element(page: Page, selector: str) -> JSHandle:
    return page.evaluate_handle("selector => document.querySelector(selector)", selector)


def has_focus(page: Page, handle: JSHandle) -> bool:
    return bool(page.evaluate("one => one.isConnected && document.activeElement === one", handle))


# --- Nothing is taken from the one who reads, types or chooses.


@pytest.mark.parametrize("selector", ["#filter-RUNNING", "#live tbody tr:nth-child(7) a", "#kill"], ids=["filter", "row", "button"])
def test_the_focus_stays_where_it_is_through_20_changes(page: Page, busy: int, selector: str) -> None:
    page.goto(f"/ui/result/{busy}/")
    page.focus(selector)
    focused = element(page, selector)

    def stays() -> None:
        assert has_focus(page, focused)

    through_changes(page, stays)


def test_what_is_typed_the_caret_and_open_details_stay_through_20_changes(page: Page, estivador: Estivador, seeded: Seeded, busy: int) -> None:
    page.goto(f"/ui/task/{seeded.task}/")
    page.get_by_text("Limits", exact=True).click()
    page.fill("#times", "12")
    page.fill("#command", "echo ahoy")
    page.evaluate("document.getElementById('command').setSelectionRange(2, 6)")
    field = element(page, "#command")

    def stays() -> None:
        assert has_focus(page, field)
        assert page.evaluate("one => [one.value, one.selectionStart, one.selectionEnd]", field) == ["echo ahoy", 2, 6]
        assert page.input_value("#times") == "12"
        assert page.locator("form details[open]").count() == 1

    through_changes(page, stays)
    page.keyboard.type("X")
    assert page.input_value("#command") == "ecXhoy"


def test_the_page_does_not_scroll_through_20_changes_though_the_first_failures_come_above(open_page: OpenPage, estivador: Estivador, busy: int) -> None:
    page = open_page(estivador, viewport={"width": 1000, "height": 500})
    page.goto(f"/ui/result/{busy}/")
    row = element(page, "#live tbody tr[id^=detail-]:nth-child(40)")
    page.evaluate("row => row.scrollIntoView({ block: 'center' })", row)
    place = page.evaluate("row => row.getBoundingClientRect().top", row)

    def stays() -> None:
        assert page.evaluate("row => row.getBoundingClientRect().top", row) == pytest.approx(place, abs=1)

    through_changes(page, stays)
    expect(page.locator("#failed")).to_be_attached()


def test_a_table_that_is_scrolled_sideways_stays_so_through_20_changes(open_page: OpenPage, estivador: Estivador, busy: int) -> None:
    page = open_page(estivador, viewport={"width": 320, "height": 700})
    page.goto(f"/ui/result/{busy}/")
    table = element(page, "[aria-label='Table of executions']")
    page.evaluate("table => { table.scrollLeft = 150 }", table)

    def stays() -> None:
        assert page.evaluate("table => [table.isConnected, table.scrollLeft]", table) == [True, 150]

    through_changes(page, stays)


def test_selected_text_stays_selected_through_20_changes(page: Page, busy: int) -> None:
    page.goto(f"/ui/result/{busy}/")
    code = page.locator("[aria-labelledby=parameters] code").first
    code.evaluate("code => getSelection().selectAllChildren(code)")
    selected = page.evaluate("String(getSelection())")
    assert "sleep 1" in selected

    def stays() -> None:
        assert page.evaluate("String(getSelection())") == selected

    through_changes(page, stays)


def test_an_open_confirmation_stays_open_through_20_changes_and_gives_the_focus_back(page: Page, busy: int) -> None:
    page.goto(f"/ui/result/{busy}/")
    page.click("#kill")
    expect(page.locator("#dialog")).to_be_visible()
    cancel = element(page, "#cancel")

    def stays() -> None:
        assert page.locator("#dialog").get_attribute("open") is not None
        assert has_focus(page, cancel)

    through_changes(page, stays)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#kill")).to_be_focused()


# --- When it polls, and when not.


@pytest.mark.parametrize("of_one_execution", [False, True], ids=["result", "execution"])
def test_nothing_is_asked_after_the_end(page: Page, estivador: Estivador, seeded: Seeded, asleep: int, of_one_execution: bool) -> None:
    one = f"detail/{estivador.details(asleep)[0]['detail_id']}/" if of_one_execution else ""
    page.goto(f"/ui/result/{asleep}/{one}")
    polls = Polls(page)
    expect(page.locator("#live")).to_have_attribute("hx-get", re.compile("/live"))
    estivador.post(f"/result/{asleep}/", {"operation": "KILL"})
    expect(page.locator("#live .badge").first).to_have_text("KILLED")
    expect(page.locator("#live")).not_to_have_attribute("hx-get", re.compile(""))
    expect(page.locator("#live")).not_to_have_attribute("hx-trigger", re.compile(""))
    if of_one_execution:
        expect(page.locator("#tail")).not_to_have_attribute("hx-get", re.compile(""))
    assert polls.requests
    assert polls.during(page, 4.5) == []
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert polls.during(page, 0.5) == []


def test_the_page_of_a_result_that_has_ended_asks_for_nothing(page: Page, seeded: Seeded) -> None:
    polls = Polls(page)
    page.goto(f"/ui/result/{seeded.complete}/")
    assert polls.during(page, 2.5) == []
    assert polls.requests == []


HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


# Before anything that has a clock gets its turn.
ASKED_AT_ONCE = """
    const ids = [];
    const note = ({ detail: { ctx } }) => ids.push(ctx.sourceElement.id);
    document.addEventListener('htmx:before:request', note);
    const asked = () => new Promise(done => setTimeout(() => {
        document.removeEventListener('htmx:before:request', note);
        done(ids.sort());
    }));
"""


def test_a_hidden_page_asks_for_nothing_and_at_once_when_it_is_seen_again(page: Page, estivador: Estivador, seeded: Seeded) -> None:
    page.goto(f"/ui/result/{seeded.running}/detail/{estivador.details(seeded.running)[0]['detail_id']}/")
    polls = Polls(page)
    page.evaluate(HIDE, True)
    assert polls.during(page, 4.5) == []
    assert page.evaluate(f"async () => {{ {ASKED_AT_ONCE}; ({HIDE})(false); return await asked(); }}") == ["live", "tail"]
    with page.expect_request(re.compile("/live"), timeout=SOON):
        pass


def test_a_paused_page_asks_for_nothing_even_after_a_reload_until_the_button_resumes_it(page: Page, estivador: Estivador, seeded: Seeded) -> None:
    page.goto(f"/ui/result/{seeded.running}/detail/{estivador.details(seeded.running)[0]['detail_id']}/")
    polls = Polls(page)
    page.click("#pause")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    assert polls.during(page, 3) == []
    page.reload()
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    assert polls.during(page, 3) == []
    with page.expect_request(re.compile("/live"), timeout=SOON), page.expect_request(re.compile("/tail"), timeout=SOON):
        page.click("#pause")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "false")
    with page.expect_request(re.compile("/live"), timeout=SOON):
        pass


WATCH_CHANGES = """() => {
    window.changes = [];
    const clock = node => (node.nodeType === 1 ? node : node.parentElement)?.closest('time, [data-since]');
    new MutationObserver(records => {
        for (const { type, target, attributeName } of records) {
            if (clock(target) || (target.id === 'live' && attributeName === 'class')) continue;  // htmx marks who asks
            changes.push(`${type} ${attributeName ?? ''} of ${(target.outerHTML ?? target.data).slice(0, 80)}`);
        }
    }).observe(document.getElementById('live'), { subtree: true, childList: true, characterData: true, attributes: true });
}"""


@pytest.mark.parametrize("of_one_execution", [False, True], ids=["result", "execution"])
def test_an_idle_poll_is_a_304_of_500_bytes_and_changes_nothing(page: Page, estivador: Estivador, seeded: Seeded, of_one_execution: bool) -> None:
    one = f"detail/{estivador.details(seeded.running)[0]['detail_id']}/" if of_one_execution else ""
    page.goto(f"/ui/result/{seeded.running}/{one}")
    page.evaluate(WATCH_CHANGES)
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response) if "/live" in response.url or "/tail" in response.url else None)
    with page.expect_response(re.compile("/live"), timeout=SOON):
        pass  # it comes by itself
    for _ in range(3):
        assert poll(page) == 304
    assert len(answers) >= 4
    for answer in answers:
        sizes = answer.request.sizes()
        print(f"{answer.url.rsplit('/', 1)[1][:4]}: {answer.status} of {sizes['responseHeadersSize'] + sizes['responseBodySize']} bytes")
        assert answer.status in (204, 304)
        assert sizes["responseHeadersSize"] + sizes["responseBodySize"] <= 500, answer.all_headers()
    assert page.evaluate("changes") == []


# --- When it does not get through.


@pytest.mark.parametrize("kind", ["result", "execution", "task"])
def test_an_answer_of_500_is_told_and_the_region_stays_and_recovers(
    page: Page, estivador: Estivador, seeded: Seeded, asleep: int, watch: Watch, kind: str
) -> None:
    watch.expect("status of 500")
    paths = {
        "result": f"/ui/result/{asleep}/",
        "execution": f"/ui/result/{asleep}/detail/{estivador.details(asleep)[0]['detail_id']}/",
        "task": f"/ui/task/{seeded.task}/",
    }
    page.goto(paths[kind])
    broken = re.compile("/(live|tail)")
    page.route(broken, lambda route: route.fulfill(status=500, content_type="text/html", body="<h1>Broken</h1>"))
    expect(page.locator("#connection")).to_contain_text("500", timeout=SOON)
    _recovers(page, estivador, asleep, lambda: page.unroute(broken))


def test_the_notice_stays_while_the_log_gets_through_and_the_region_does_not(page: Page, estivador: Estivador, seeded: Seeded, watch: Watch) -> None:
    watch.expect("status of 500")
    page.goto(f"/ui/result/{seeded.running}/detail/{estivador.details(seeded.running)[0]['detail_id']}/")
    broken = re.compile("/live")
    page.route(broken, lambda route: route.fulfill(status=500, body=""))
    assert poll(page) == 500
    for _ in range(3):
        with page.expect_response(re.compile("/log/tail")):
            pass
        expect(page.locator("#connection")).to_contain_text("500")
    page.unroute(broken)
    expect(page.locator("#connection")).to_have_text("", timeout=SOON)


def test_a_lost_connection_is_told_and_the_region_stays_and_recovers(page: Page, estivador: Estivador, asleep: int, watch: Watch) -> None:
    watch.expect(OFFLINE, "htmx:error: Failed to fetch")
    page.goto(f"/ui/result/{asleep}/")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("No connection", timeout=SOON)
    _recovers(page, estivador, asleep, lambda: page.context.set_offline(False))


def _recovers(page: Page, estivador: Estivador, result: int, mend: Callable[[], Any]) -> None:
    """The notice is told to all, the region stays; once `mend` has mended it, the notice goes and the next change is shown."""
    expect(page.locator("#connection")).to_have_attribute("role", "status")
    expect(page.locator("#live")).to_contain_text("RUNNING")
    expect(page.get_by_text("Broken")).to_have_count(0)
    polls = Polls(page)
    page.wait_for_timeout(2500)
    assert polls.requests, "it goes on asking"
    expect(page.locator("#live")).to_contain_text("RUNNING")
    mend()
    expect(page.locator("#connection")).to_have_text("", timeout=SOON)
    expect(page.locator("#connection")).to_be_hidden()
    estivador.post(f"/result/{result}/", {"operation": "KILL"})
    expect(page.locator("#live")).to_contain_text("KILLED")


@pytest.mark.parametrize("of_one_execution", [False, True], ids=["result", "execution"])
def test_what_is_deleted_meanwhile_says_so_and_asks_no_more(page: Page, estivador: Estivador, seeded: Seeded, asleep: int, of_one_execution: bool) -> None:
    detail = estivador.details(asleep)[0]["detail_id"]
    page.goto(f"/ui/result/{asleep}/{f'detail/{detail}/' if of_one_execution else ''}")
    page.click("#pause")  # so that it is deleted before the page learns that it has ended
    clear(estivador, asleep)
    polls = Polls(page)
    page.click("#pause")
    expect(page.get_by_role("heading", name=f"Execution {detail} is deleted" if of_one_execution else f"Result {asleep} is deleted")).to_be_visible()
    expect(page.locator("#tail[hx-get]")).to_have_count(0)
    assert polls.during(page, 4.5) == []
    assert page.locator("h1").count() == 1, "no error page stands inside the page"
    page.click("#live a")
    expect(page).to_have_url(re.compile("/ui/result/$"))


def test_a_task_that_is_deleted_meanwhile_says_so_and_asks_no_more(page: Page, estivador: Estivador, busybox_image: str) -> None:
    task = estivador.register(busybox_image, name="soon deleted")
    page.goto(f"/ui/task/{task}/")
    polls = Polls(page)
    assert estivador.request("DELETE", f"/task/{task}/").status_code == 204
    expect(page.get_by_role("heading", name=f"Task {task} is deleted")).to_be_visible()
    page.evaluate("0")
    polls.requests.clear()
    assert polls.during(page, 4.5) == []


# --- What it shows.


def test_a_change_comes_to_the_page_by_itself(page: Page, estivador: Estivador, asleep: int) -> None:
    page.goto(f"/ui/result/{asleep}/")
    for number in (1, 2, 3, 0):
        change(estivador, asleep, number)
        expect(page.locator("#filter-CANCELLED b")).to_have_text(str(number))


def change(place: Estivador, result: int, number: int) -> None:
    """Write into the record that so many executions were cancelled."""
    with closing(sqlite3.connect(place.folder / "estivador.db", timeout=10)) as connection, connection:
        connection.execute("UPDATE result SET cancelled = ?, revision = revision + 1 WHERE id = ?", (number, result))


COUNTS = r"""() => {
    const words = ['QUEUED', 'RUNNING', 'COMPLETE', 'ERROR', 'CANCELLED', 'KILLED'];
    const told = text => words.map(word => Number((text.match(new RegExp('([0-9,]+) ' + word, 'i')) ?? [0, '0'])[1].replaceAll(',', '')));
    return {
        revision: etags.live.match(/\d+/)[0],
        bar: told(document.querySelector('#live svg.bar desc').textContent.split(':')[1]),
        filters: words.map(word => Number(document.querySelector(`#filter-${word} b`).textContent.replaceAll(',', ''))),
        grid: told(document.querySelector('#live svg.grid desc').textContent.split(':')[1]),
    };
}"""


def test_bar_filters_grid_and_api_agree_in_every_poll(page: Page, estivador: Estivador, busy: int) -> None:
    page.goto(f"/ui/result/{busy}/")
    seen: dict[str, list[int]] = {}
    known: dict[str, list[int]] = {}

    def agree() -> None:
        told = page.evaluate(COUNTS)
        answer = estivador.get(f"/result/{busy}/")
        assert told["bar"] == told["filters"] == told["grid"], told
        seen[told["revision"]] = told["filters"]
        known[str(answer["revision"])] = [answer["counts"][word] for word in ("QUEUED", "RUNNING", "COMPLETE", "ERROR", "CANCELLED", "KILLED")]

    through_changes(page, agree, changes=30)
    both = seen.keys() & known.keys()
    assert len(both) >= 5
    assert {number: seen[number] for number in both} == {number: known[number] for number in both}
    assert all(sum(counts) == 500 for counts in seen.values())
