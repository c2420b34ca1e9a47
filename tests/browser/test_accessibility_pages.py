"""No page shuts anybody out: axe finds nothing, in both schemes, on a phone and on a desk, in each state that a page can be in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from docker import DockerClient
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.seed import Seeded
from tests.browser.watch import Watch
from tests.support.estivador import Estivador
from tests.support.running import whole_estivador


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, docker_client: DockerClient) -> Iterator[Estivador]:
    """An Estivador that nobody has used, without a consumer."""
    with whole_estivador(tmp_path_factory.mktemp("empty") / "instance", docker_client) as place:
        yield place


def open_all(page: Page) -> None:
    """Open every group of a form."""
    page.evaluate("document.querySelectorAll('main details').forEach(group => { group.open = true; })")


def first_detail(estivador: Estivador, result: int, status: str) -> int:
    return int(estivador.get(f"/result/{result}/detail/?status={status}")[0]["detail_id"])


@pytest.mark.parametrize("path", ["/ui/", "/ui/task/", "/ui/result/", "/ui/engine/", "/ui/retention/", "/ui/token/", "/ui/task/new/", "/ui/audit/"])
def test_a_page_with_nothing_to_show(open_page: OpenPage, empty: Estivador, path: str) -> None:
    page = open_page(empty)
    page.goto(path)
    assert_accessible(page)


def test_the_sign_in(open_page: OpenPage, estivador: Estivador, watch: Watch) -> None:
    watch.expect("status of 401")
    page = open_page(estivador, signed_in=False)
    page.goto("/ui/login/")
    assert_accessible(page)
    page.locator("#token").fill("nonsense")
    page.locator("#token").press("Enter")
    expect(page.locator("#token-error")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(
    "path",
    [
        "/ui/",
        "/ui/task/",
        "/ui/task/?text=nothing",
        "/ui/result/",
        "/ui/result/?status=ERROR",
        "/ui/result/?text=nothing",
        "/ui/engine/",
        "/ui/retention/",
        "/ui/token/",
        "/ui/audit/",
        "/ui/audit/?action=task.register&action=result.run&outcome=done",
        "/ui/audit/?name=nobody",
    ],
)
def test_a_list(page: Page, path: str) -> None:
    page.goto(path)
    assert_accessible(page)


def test_what_housekeeping_did_and_could_not(page: Page, estivador: Estivador) -> None:
    with closing(sqlite3.connect(estivador.folder / "estivador.db", timeout=10)) as record, record:
        record.execute("INSERT INTO tidying (at, results, executions, logs, logs_bytes, images, error) VALUES (1.7e9, 3, 9, 2, 81920, 0, 'Images stay.')")
    page.goto("/ui/retention/")
    expect(page.get_by_text("Images stay.")).to_be_visible()
    assert_accessible(page)


def test_deleting_what_a_filter_selects_is_confirmed_in_place(page: Page) -> None:
    page.goto("/ui/result/?status=CANCELLED")
    page.get_by_role("link", name="Delete these").press("Enter")
    expect(page.get_by_role("dialog").get_by_role("link", name="Keep them")).to_be_focused()
    expect(page.get_by_role("dialog").get_by_role("heading")).to_contain_text("Delete")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Delete these")).to_be_focused()


def test_the_api_page(page: Page) -> None:
    page.goto("/ui/api/")
    expect(page.locator("#swagger .opblock").first).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("path", ["", "edit/", "delete/"])
def test_a_task(page: Page, seeded: Seeded, path: str) -> None:
    page.goto(f"/ui/task/{seeded.task}/{path}")
    open_all(page)
    assert_accessible(page)


@pytest.mark.parametrize("state", ["complete", "errors", "running", "cancelled"])
def test_a_result(page: Page, seeded: Seeded, state: str) -> None:
    page.goto(f"/ui/result/{getattr(seeded, state)}/")
    assert_accessible(page)


@pytest.mark.parametrize("path", ["?status=KILLED", "rerun/", "rerun/failed/", "delete/"])
def test_what_a_result_leads_to(page: Page, seeded: Seeded, path: str) -> None:
    page.goto(f"/ui/result/{seeded.errors}/{path}")
    open_all(page)
    assert_accessible(page)


def test_two_results_side_by_side(page: Page, seeded: Seeded, watch: Watch) -> None:
    page.goto(f"/ui/result/{seeded.errors}/")
    page.get_by_role("link", name="Compare").click()
    assert_accessible(page)
    page.get_by_label("Or with number").fill(str(seeded.complete))
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Result {seeded.errors} compared with {seeded.complete}")
    assert_accessible(page)
    watch.expect("status of 422")
    page.goto(f"/ui/result/{seeded.errors}/compare/?number=none")
    assert_accessible(page)


def test_failures_that_ended_the_same_way(page: Page, seeded: Seeded) -> None:
    page.goto(f"/ui/result/{seeded.errors}/")
    groups = page.get_by_role("table", name="Failures by how they ended")
    expect(groups.get_by_role("row").nth(1)).to_contain_text("2 ended the same way")
    expect(groups).to_contain_text("no cargo")
    groups.get_by_role("link", name="exit code 3").click()
    expect(page.get_by_role("heading", name="Executions ERROR")).to_be_in_viewport()
    assert_accessible(page)


def test_a_tasks_last_results(page: Page, seeded: Seeded) -> None:
    page.goto(f"/ui/task/{seeded.task}/")
    page.get_by_text("Result by result").click()
    expect(page.get_by_role("table", name="Success rate and durations of the last results")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(("state", "status"), [("complete", "COMPLETE"), ("errors", "ERROR"), ("running", "RUNNING"), ("cancelled", "CANCELLED")])
def test_an_execution(page: Page, estivador: Estivador, seeded: Seeded, state: str, status: str) -> None:
    result = getattr(seeded, state)
    page.goto(f"/ui/result/{result}/detail/{first_detail(estivador, result, status)}/")
    assert_accessible(page)


def test_a_confirmation_in_place(page: Page, seeded: Seeded) -> None:
    page.goto(f"/ui/result/{seeded.running}/")
    page.get_by_role("link", name="Kill all").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)


def test_a_form_with_errors(page: Page, watch: Watch) -> None:
    watch.expect("status of 422")
    page.goto("/ui/task/new/")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#summary")).to_be_focused()
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/ui/nothing/here/", "/ui/result/999999/"])
def test_an_error(page: Page, watch: Watch, path: str) -> None:
    watch.expect("status of 404")
    page.goto(path)
    assert_accessible(page)
