"""The main job as a person does it: sign in, register, run, watch to the end, read the log of what failed. By mouse, by keyboard, without script."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from docker import DockerClient
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hands import Keyboard, Mouse
from tests.browser.seed import Seeded, end_all
from tests.browser.signing_in import sign_in
from tests.browser.watch import Watch
from tests.support.estivador import Estivador
from tests.support.running import whole_estivador
from tests.support.waiting import until

FAIL = "sh -c 'echo counting; echo no cargo >&2; exit 3'"
LAST = "sh -c 'echo at sea; sleep 3600'"
RESULT = re.compile(r"/ui/result/\d+/$")
TASK = re.compile(r"/ui/task/\d+/$")


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador with web server and consumer, for the tests of this module."""
    with whole_estivador(tmp_path_factory.mktemp("main-job") / "instance", docker_client) as place:
        place.start_consumer()
        yield place


@pytest.fixture
def fresh(harbour: Estivador) -> Iterator[Estivador]:
    """An Estivador that has no task, and has none afterwards."""
    yield harbour
    end_all(harbour)
    while found := harbour.get("/task/?page_size=100"):
        for task in found:
            until(lambda task=task: harbour.request("DELETE", f"/task/{task['task_id']}/").ok, 60, "the task is deleted")


def status(page: Page) -> Locator:
    """The word that says how the page's object stands."""
    return page.locator("#live .badge").first


def mark(page: Page) -> None:
    """Remember this very document."""
    page.evaluate("window.marked = true")


def is_marked(page: Page) -> bool:
    """Whether the document is still the one that was marked: nothing was loaded anew."""
    return bool(page.evaluate("window.marked === true"))


def enter(page: Page, token: str) -> None:
    """Sign in by the form that the page shows."""
    page.get_by_label("Token").fill(token)
    page.get_by_label("Token").press("Enter")


# --- by mouse ---


def test_three_clicks_lead_from_nothing_to_the_first_finished_execution(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    page, mouse = open_page(fresh), Mouse()
    page.goto("/ui/")
    page.get_by_label("Repository").fill(busybox_image)
    mouse.click(page.get_by_role("button", name="Register"))
    expect(page).to_have_url(TASK)
    mark(page)
    expect(status(page)).to_have_text("READY")
    mouse.click(page.get_by_role("button", name="Run", exact=True))
    expect(page).to_have_url(RESULT)
    mark(page)
    expect(status(page)).to_have_text("COMPLETE")
    expect(page.locator("#live")).not_to_have_attribute("hx-get", re.compile("."))
    assert is_marked(page)
    assert mouse.clicks <= 3


def test_what_the_first_form_suggests_is_in_the_engine_already(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    page = open_page(fresh)
    page.goto("/ui/")
    offered = page.locator("datalist#images option").evaluate_all("options => options.map(option => option.value)")
    assert busybox_image in offered
    assert page.get_by_label("Repository").input_value() in offered


def test_one_click_leads_from_a_result_to_the_log_of_what_failed(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    task = fresh.register(busybox_image)
    page = open_page(fresh)
    page.goto(f"/ui/task/{task}/")
    page.get_by_label("Times", exact=True).fill("3")
    page.get_by_label("Command").fill(FAIL)
    page.get_by_role("button", name="Run", exact=True).click()
    mark(page)
    expect(status(page)).to_have_text("ERROR")
    expect(page.get_by_text("3 of 3 ended")).to_be_visible()
    assert is_marked(page)
    result = page.url
    page.get_by_role("link", name="Log of execution 1 of").click()
    expect(page.get_by_role("log")).to_contain_text("no cargo")
    expect(page.get_by_role("log").locator("p.err")).to_contain_text("no cargo")
    expect(page.get_by_text("Exit code", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Execution 1 of result"))
    page.get_by_role("link", name="Next failed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Execution 2 of result"))
    page.go_back()
    page.go_back()
    expect(page).to_have_url(result)
    page.goto("/ui/")
    page.get_by_role("link", name="Log of execution 0 of").click()
    expect(page.get_by_role("log")).to_contain_text("no cargo")


# --- by keyboard ---


def test_the_whole_main_job_goes_by_keyboard(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    page = open_page(fresh, signed_in=False)
    keys = Keyboard(page)
    page.goto("/ui/login/")
    expect(page.get_by_label("Token")).to_be_focused()
    keys.write(fresh.token)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    keys.reach(page.get_by_label("Repository"))
    keys.write(busybox_image)
    keys.press("Enter")
    expect(status(page)).to_have_text("READY")
    keys.reach(page.get_by_label("Command"))
    keys.write(FAIL)
    keys.reach(page.get_by_text("When it fails"))
    keys.press("Enter")
    keys.reach(page.get_by_label("Max failures"))
    keys.write("1")
    keys.reach(page.get_by_role("button", name="Run", exact=True))
    keys.press("Enter")
    expect(status(page)).to_have_text("ERROR")
    keys.reach(page.get_by_role("link", name="Log of execution 0"))
    keys.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("no cargo")
    keys.reach(page.get_by_role("log"))
    keys.reach(page.get_by_role("button", name="Copy"))


def test_the_first_step_of_tab_leads_past_the_menu(page: Page) -> None:
    page.goto("/ui/result/")
    keys = Keyboard(page)
    keys.reach(page.get_by_role("link", name="Skip to the content"), steps=1)
    keys.press("Enter")
    keys.reach(page.get_by_role("link", name="Cancel these"), steps=1)


def test_a_confirmation_by_keyboard_stands_on_cancel_and_gives_the_focus_back(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    result = fresh.run(fresh.register(busybox_image), times=2, command=LAST)
    fresh.until_result(result, lambda found: found["counts"]["RUNNING"] == 2)
    page = open_page(fresh)
    page.goto(f"/ui/result/{result}/")
    keys, dialog, kill = Keyboard(page), page.get_by_role("dialog"), page.locator("#kill")
    keys.reach(kill)
    keys.press("Enter")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("heading")).to_have_text(f"Kill result {result}?")
    expect(page.get_by_role("link", name="Let it run")).to_be_focused()
    with page.expect_response(re.compile("/live$")):
        pass
    expect(page.get_by_role("link", name="Let it run")).to_be_focused()
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(kill).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("link", name="Let it run")).to_be_focused()
    keys.press("Enter")
    expect(dialog).to_be_hidden()
    expect(kill).to_be_focused()
    assert fresh.get(f"/result/{result}/")["status"] == "RUNNING"
    keys.press("Enter")
    expect(dialog).to_be_visible()
    for _ in range(6):  # the focus stays in the dialog, or goes to the browser's own
        keys.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    keys.reach(dialog.get_by_role("button", name="Kill 2"), steps=6)
    keys.press("Enter")
    expect(status(page)).to_have_text("KILLED")


def test_a_refresh_leaves_the_focus_where_it_is(page: Page, seeded: Seeded) -> None:
    page.goto(f"/ui/result/{seeded.running}/")
    keys, target = Keyboard(page), page.locator("#filter-RUNNING")
    keys.reach(target)
    for _ in range(2):
        with page.expect_response(re.compile("/live")):
            pass
    expect(target).to_be_focused()


# --- without script ---


def test_the_whole_main_job_goes_without_script(open_page: OpenPage, fresh: Estivador, busybox_image: str, watch: Watch) -> None:
    watch.expect("status of 401")
    page = open_page(fresh, signed_in=False, java_script_enabled=False)
    page.goto("/ui/")
    enter(page, fresh.token)
    page.get_by_label("Repository").fill(busybox_image)
    page.get_by_role("button", name="Register").click()
    expect(page).to_have_url(TASK)
    reload_until(page, "READY")
    expect(page.locator(".needs-script").first).to_be_hidden()
    page.get_by_label("Command").fill(FAIL)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(RESULT)
    reload_until(page, "ERROR")
    page.get_by_role("link", name="Log of execution 0").click()
    expect(page.get_by_role("log")).to_contain_text("no cargo")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/ui/login/$"))


def test_what_runs_is_killed_without_script_by_a_page_that_asks(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    result = fresh.run(fresh.register(busybox_image), command=LAST)
    fresh.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    page = open_page(fresh, java_script_enabled=False)
    page.goto(f"/ui/result/{result}/")
    page.get_by_role("link", name="Kill all").click()
    expect(page).to_have_url(re.compile("/kill/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Kill result {result}?")
    expect(page.get_by_text("0 executions waiting, 1 execution running.")).to_be_visible()
    expect(page.get_by_role("link", name="Let it run")).to_be_focused()
    page.get_by_role("link", name="Let it run").click()
    expect(page).to_have_url(RESULT)
    page.get_by_role("link", name="Kill all").click()
    page.get_by_role("button", name="Kill 1").click()
    expect(page).to_have_url(RESULT)
    reload_until(page, "KILLED")


def reload_until(page: Page, word: str) -> None:
    """Reload, as one does without script, until the status is this."""

    def seen() -> str | None:
        page.reload()
        found = status(page).inner_text()
        return found if found == word else None

    until(seen, 60, f"the page says {word}")


# --- forms ---


def test_a_form_with_errors_keeps_what_was_typed_and_leads_to_each_field(open_page: OpenPage, fresh: Estivador, watch: Watch) -> None:
    watch.expect("status of 422")
    page = open_page(fresh)
    page.goto("/ui/task/new/")
    page.get_by_label("Repository").fill("Not: an image")
    page.get_by_label("Pull").select_option("never")
    page.get_by_text("Description, and what").click()
    page.get_by_label("Command").fill("sh -c 'echo")
    page.get_by_label("Environment").fill("SEED=7\nNONSENSE")
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("Timeout").fill("soon")
    page.get_by_role("button", name="Register").click()
    summary = page.locator("#summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("these 4")
    expect(page.get_by_label("Pull")).to_have_value("never")
    for label, typed, says in (
        ("Repository", "Not: an image", "Not: an image"),
        ("Command", "sh -c 'echo", "split into words"),
        ("Environment", "SEED=7\nNONSENSE", "Line 2 must be NAME=VALUE"),
        ("Timeout", "soon", "Must be a number"),
    ):
        field = page.get_by_label(label, exact=False)
        expect(field).to_be_visible()
        expect(field).to_have_value(typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(says)))
    expect(page.get_by_label("Name", exact=True)).not_to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="env").click()
    expect(page.get_by_label("Environment")).to_be_focused()


def test_wrong_times_are_told_at_their_field(open_page: OpenPage, fresh: Estivador, busybox_image: str, watch: Watch) -> None:
    watch.expect("status of 422")
    page = open_page(fresh)
    page.goto(f"/ui/task/{fresh.register(busybox_image)}/")
    page.get_by_label("Times", exact=True).fill("many")
    page.get_by_label("Times", exact=True).press("Enter")
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("Times", exact=True)).to_have_value("many")
    expect(page.get_by_label("Times", exact=True)).to_have_accessible_description(re.compile("Must be a whole number"))
    page.get_by_label("Times", exact=True).fill("1")
    page.get_by_label("Times", exact=True).press("Enter")
    expect(page).to_have_url(RESULT)


def test_a_taken_name_and_a_task_that_is_not_ready_are_told_in_the_form(open_page: OpenPage, fresh: Estivador, watch: Watch) -> None:
    watch.expect("status of 409")
    task = fresh.register("estivador-test/absent:none", name="taken", pull="never")
    page = open_page(fresh)
    page.goto("/ui/task/new/")
    page.get_by_label("Repository").fill("busybox")
    page.get_by_label("Name", exact=True).fill("taken")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("has the name 'taken' already"))
    expect(page.get_by_label("Repository")).to_have_value("busybox")
    page.goto(f"/ui/task/{task}/")
    page.get_by_label("Times", exact=True).fill("7")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#summary")).to_contain_text("is ERROR, so it can't run")
    expect(page.get_by_label("Times", exact=True)).to_have_value("7")
    expect(status(page)).to_have_text("ERROR")


def test_a_command_of_several_lines_runs_again_as_it_was(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    command = ["sh", "-c", "echo one\n  echo 'two  words'\n"]
    first = fresh.run(fresh.register(busybox_image), command=command, env={"A": "x = y "}, timeout=1234567.5)
    page = open_page(fresh)
    page.goto(f"/ui/result/{first}/")
    page.get_by_role("link", name="Edit and run").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(f"runs result {first} again")).to_be_visible()
    again = fresh.get(f"/result/{int(page.url.rstrip('/').split('/')[-1])}/")
    assert again["parameters"] == {"command": command, "env": {"A": "x = y "}, "timeout": 1234567.5}


def test_an_impatient_finger_runs_a_task_once(open_page: OpenPage, fresh: Estivador, busybox_image: str) -> None:
    page = open_page(fresh)
    page.goto(f"/ui/task/{fresh.register(busybox_image)}/")
    page.get_by_role("button", name="Run", exact=True).dblclick()
    expect(status(page)).to_have_text("COMPLETE")
    assert len(fresh.get("/result/")) == 1


# --- addresses ---


def test_filters_and_pages_survive_reload_back_and_a_new_tab(open_page: OpenPage, fresh: Estivador) -> None:
    for number in range(22):
        fresh.post("/task/", {"repository": "estivador-test/absent:none", "name": f"absent {number}", "pull": "never"})
    until(lambda: len(fresh.get("/task/?status=ERROR&page=2")) == 2, 60, "all imports have failed")
    page = open_page(fresh)
    page.goto("/ui/task/")
    page.get_by_label("Name or repository").fill("absent")
    page.get_by_role("checkbox", name="ERROR").check()
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(r"\?text=absent&label=&status=ERROR$"))
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"status=ERROR&page=2$"))

    def stands(there: Page) -> None:
        expect(there.get_by_text("Page 2 of 2, 22 tasks")).to_be_visible()
        expect(there.locator("tbody tr")).to_have_count(2)
        expect(there.get_by_role("checkbox", name="ERROR")).to_be_checked()
        expect(there.get_by_role("checkbox", name="READY")).not_to_be_checked()
        expect(there.get_by_label("Name or repository")).to_have_value("absent")

    stands(page)
    page.reload()
    stands(page)
    page.get_by_role("link", name="absent 0").click()
    expect(page).to_have_url(TASK)
    page.go_back()
    stands(page)
    with page.expect_response(re.compile(r"/ui/task/live\?")):
        page.evaluate("document.dispatchEvent(new Event('wake'))")
    stands(page)
    with page.context.new_page() as tab:
        tab.goto(page.url)
        stands(tab)
    page.go_back()
    expect(page.get_by_text("Page 1 of 2, 22 tasks")).to_be_visible()


def test_the_executions_of_a_result_keep_their_filter(page: Page, seeded: Seeded) -> None:
    def stands(there: Page) -> None:
        expect(there.get_by_role("heading", name="Executions ERROR")).to_be_visible()
        expect(there.get_by_role("region", name="Table of executions").locator("tbody tr")).to_have_count(2)
        expect(there.locator("#filter-ERROR")).to_have_attribute("aria-current", "true")

    page.goto(f"/ui/result/{seeded.errors}/")
    page.locator("#filter-ERROR").click()
    expect(page).to_have_url(re.compile(r"\?status=ERROR$"))
    stands(page)
    page.goto(f"/ui/result/{seeded.errors}/?status=ERROR&page=1")
    stands(page)
    page.reload()
    stands(page)
    page.get_by_role("region", name="Table of executions").get_by_role("link", name="3", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Execution 3")
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?status=ERROR&page=1$"))
    stands(page)
    with page.context.new_page() as tab:
        tab.goto(page.url)
        stands(tab)


def test_results_keep_their_filter_while_they_are_live(page: Page, seeded: Seeded) -> None:
    page.goto("/ui/result/?status=RUNNING&text=seeded&page=1")
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_response(re.compile(r"/ui/result/live\?status=RUNNING&text=seeded&page=1")):
        pass
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("checkbox", name="RUNNING")).to_be_checked()


# --- sessions ---


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "/ui/\\evil.example"])
def test_a_sign_in_follows_no_address_of_another_site(open_page: OpenPage, estivador: Estivador, wanted: str) -> None:
    page = open_page(estivador, signed_in=False)
    page.goto(f"/ui/login/?next={wanted}")
    enter(page, estivador.token)
    expect(page).to_have_url(estivador.url("/ui/"))


def test_a_wrong_token_is_told_at_the_field(open_page: OpenPage, estivador: Estivador, watch: Watch) -> None:
    watch.expect("status of 401")
    page = open_page(estivador, signed_in=False)
    page.goto("/ui/login/")
    enter(page, "est_wrong")
    expect(page.get_by_label("Token")).to_have_accessible_description(re.compile("no valid token"))
    expect(page.get_by_label("Token")).to_be_focused()
    expect(page.get_by_label("Token")).to_have_value("")


def test_signing_out_ends_the_session_for_another_tab_too(open_page: OpenPage, fresh: Estivador, watch: Watch) -> None:
    watch.expect("status of 401")
    task = fresh.register("estivador-test/absent:none", pull="never")
    page = open_page(fresh, signed_in=False)
    sign_in(page, fresh)
    page.goto(f"/ui/task/{task}/?page=1")
    with page.context.new_page() as tab:
        tab.goto("/ui/")
        tab.get_by_role("button", name="Sign out").click()
        expect(tab).to_have_url(re.compile("/ui/login/$"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()  # by its next poll, with nobody's help
    expect(page).to_have_url(fresh.url(f"/ui/task/{task}/?page=1"))
    enter(page, fresh.token)
    expect(page).to_have_url(fresh.url(f"/ui/task/{task}/?page=1"))
    expect(status(page)).to_have_text("ERROR")


@pytest.mark.parametrize("ended", ["the session is deleted", "the token is revoked"])
def test_who_is_no_longer_signed_in_signs_in_where_they_are(open_page: OpenPage, fresh: Estivador, watch: Watch, ended: str) -> None:
    watch.expect("status of 401")
    made = fresh.post("/token/", {"name": "a guest"})
    page = open_page(fresh, signed_in=False)
    page.goto("/ui/task/?text=a&status=READY")
    enter(page, made["token"])
    expect(page).to_have_url(fresh.url("/ui/task/?text=a&status=READY"))
    if ended == "the token is revoked":
        assert fresh.request("DELETE", f"/token/{made['token_id']}/").ok
    else:
        with closing(sqlite3.connect(fresh.folder / "estivador.db", timeout=10)) as record, record:
            record.execute("DELETE FROM session WHERE token_id = ?", [made["token_id"]])
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page).to_have_url(fresh.url("/ui/task/?text=a&label=&status=READY"))
    enter(page, fresh.token)
    expect(page).to_have_url(fresh.url("/ui/task/?text=a&label=&status=READY"))
    expect(page.get_by_label("Name or repository")).to_have_value("a")
    fresh.request("DELETE", f"/token/{made['token_id']}/")
