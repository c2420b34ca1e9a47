"""The form with every parameter of a run as a person works it, on a phone too and without script; and an execution whose attempts one follows."""

import re
from collections.abc import Iterator

import pytest
from docker import DockerClient
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.clearing import clear
from tests.browser.conftest import OpenPage
from tests.browser.hands import Keyboard
from tests.browser.polls import poll
from tests.browser.seed import Seeded
from tests.browser.watch import Watch
from tests.support.estivador import Estivador

GROUPS = ("Program", "Limits", "When it fails", "Many", "Labels and secrets")
RESULT = re.compile(r"/ui/result/(\d+)/$")
TYPED = {
    "times": "2",
    "parallel": "1",
    "command": "-c 'echo $SEED $TOKEN'",
    "env": "A=1",
    "entrypoint": "sh",
    "workdir": "/tmp",
    "user": "1000:1000",
    "timeout": "60",
    "memory": "64m",
    "cpus": "0.5",
    "pids": "32",
    "shm_size": "1m",
    "stop_grace": "1",
    "retries": "1",
    "retry_delay": "1",
    "retry_on": "75",
    "max_failures": "2",
    "matrix": "SEED = 1, 2",
    "priority": "1",
    "labels": "team=numbers",
    "secret_env": "TOKEN=aye",
}


@pytest.fixture
def results(estivador: Estivador) -> Iterator[list[int]]:
    """The results that a test makes."""
    made: list[int] = []
    yield made
    for result in made:
        clear(estivador, result)


def made_by(page: Page, results: list[int]) -> int:
    """The result that the page shows now."""
    expect(page).to_have_url(RESULT)
    found = RESULT.search(page.url)
    assert found is not None
    results.append(int(found[1]))
    return results[-1]


def test_every_parameter_goes_on_a_phone_and_without_script(
    open_page: OpenPage, estivador: Estivador, seeded: Seeded, watch: Watch, results: list[int]
) -> None:
    watch.expect("status of 422")
    page = open_page(estivador, java_script_enabled=False, viewport={"width": 320, "height": 800})
    page.goto(f"/ui/task/{seeded.task}/")
    for name in GROUPS:
        expect(page.get_by_text(name, exact=True)).to_be_visible()
        page.get_by_text(name, exact=True).click()
    for name, text in TYPED.items():
        page.locator(f"#{name}").fill(text)
    page.locator("#network").select_option("none")
    page.locator("#profile").select_option("strict")
    page.get_by_label("out of memory").check()
    page.locator("#timeout").fill("soon")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Must be a number")
    expect(page.locator("#timeout")).to_have_accessible_description(re.compile("Must be a number"))
    expect(page.locator("#secret_env")).to_have_value("TOKEN=")
    expect(page.get_by_label("out of memory")).to_be_checked()
    expect(page.locator("#retry_on")).to_have_value("75")
    expect(page.locator("#network")).to_have_value("none")
    page.locator("#timeout").fill("60")
    page.locator("#secret_env").fill(TYPED["secret_env"])
    page.get_by_role("button", name="Run", exact=True).click()
    result = estivador.until_ended(made_by(page, results))
    assert (result["status"], result["times"]) == ("COMPLETE", 4)
    assert result["parameters"] == {
        "parallel": 1, "command": ["-c", "echo $SEED $TOKEN"], "env": {"A": "1"}, "entrypoint": ["sh"], "workdir": "/tmp", "user": "1000:1000",
        "timeout": 60.0, "memory": "64m", "cpus": 0.5, "pids": 32, "shm_size": "1m", "stop_grace": 1.0, "retries": 1, "retry_delay": 1.0,
        "retry_on": ["oom", 75], "max_failures": 2, "matrix": {"SEED": ["1", "2"]}, "priority": 1, "labels": {"team": "numbers"},
        "secret_env": {"TOKEN": None}, "network": "none", "profile": "strict",
    }  # fmt: skip
    assert [estivador.log(detail) for detail in estivador.details(results[0])] == ["1 aye\n", "1 aye\n", "2 aye\n", "2 aye\n"]


def test_the_form_shuts_nobody_out_open_or_wrong_in_every_field(page: Page, seeded: Seeded, watch: Watch) -> None:
    watch.expect("status of 422")
    page.goto(f"/ui/task/{seeded.task}/")
    assert_accessible(page)
    for name in GROUPS:
        page.get_by_text(name, exact=True).click()
    page.evaluate("scrollTo(0, 0)")  # what scrolls under the menu is out of reach only there
    assert_accessible(page)
    for name in TYPED:
        page.locator(f"#{name}").fill("=")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("details[open]")).to_have_count(len(GROUPS))
    page.evaluate("scrollTo(0, 0)")
    assert_accessible(page)
    page.locator("#summary").get_by_role("link", name="memory").click()
    expect(page.locator("#memory")).to_be_in_viewport()


def test_the_form_is_worked_by_keyboard(page: Page, estivador: Estivador, seeded: Seeded, results: list[int]) -> None:
    page.goto(f"/ui/task/{seeded.task}/")
    keys = Keyboard(page)
    keys.reach(page.locator("#parallel"))
    keys.write("1")
    keys.reach(page.locator("summary", has_text="When it fails"))
    keys.press("Enter")
    keys.reach(page.get_by_label("out of time"))
    keys.press("Space")
    keys.reach(page.locator("#retry_on"))
    keys.write("7")
    keys.press("Enter")
    result = made_by(page, results)
    assert estivador.get(f"/result/{result}/")["parameters"] == {"parallel": 1, "retry_on": ["timeout", 7]}


def test_the_forecast_follows_what_is_typed_and_sends_nothing_else(page: Page, seeded: Seeded) -> None:
    page.goto(f"/ui/task/{seeded.task}/")
    forecast = page.locator("#forecast")
    page.get_by_text("Many", exact=True).click()
    page.locator("#times").fill("3")
    expect(forecast).to_contain_text("3 executions, 3 at once")
    with page.expect_request(re.compile("/forecast$")) as asked:
        page.locator("#matrix").fill(f"SEED = {', '.join(map(str, range(3000)))}")
    assert set(re.findall(r"(?:^|&)([^=&]+)=", asked.value.post_data or "")) == {"times", "parallel", "matrix", "csrf_token"}
    expect(forecast).to_contain_text("3,000 combinations \u00d7 3 times = 9,000 executions, 8 at once")
    page.locator("#parallel").fill("2")
    expect(forecast).to_contain_text("9,000 executions, 2 at once")
    page.locator("#matrix").fill("SEED")
    expect(forecast).to_have_text("Matrix: Line 1 must be NAME = value1, value2.")


def test_one_who_follows_an_attempt_sees_the_next_begin_and_keeps_its_log(
    page: Page, estivador: Estivador, seeded: Seeded, docker_client: DockerClient, results: list[int]
) -> None:
    script = 'echo "attempt $ESTIVADOR_ATTEMPT"; while [ "$ESTIVADOR_ATTEMPT" = 2 ]; do sleep 0.1; done; while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 3'
    results.append(estivador.run(seeded.task, command=["sh", "-c", script], retries=1, retry_delay=0))
    estivador.until_result(results[0], lambda found: found["counts"]["RUNNING"] == 1)
    detail = estivador.details(results[0])[0]
    page.goto(f"/ui/result/{results[0]}/detail/{detail['detail_id']}/")
    expect(page.get_by_role("log")).to_contain_text("attempt 1")
    expect(page.get_by_role("table", name="Attempts")).to_have_count(0)
    let_go(docker_client, detail["container_id"])
    attempts = page.get_by_role("table", name="Attempts")
    expect(attempts.locator("#attempt-1")).to_contain_text("exit")
    expect(attempts.locator("#attempt-2")).to_contain_text("RUNNING")
    poll(page)
    expect(page.get_by_role("log")).to_contain_text("attempt 1")
    expect(page.get_by_role("log")).not_to_contain_text("attempt 2")
    assert_accessible(page)
    page.get_by_role("link", name="Log of attempt 2").click()
    expect(page.get_by_role("heading", name="Log of attempt 2")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("attempt 2")


def let_go(client: DockerClient, container: str) -> None:
    """Tell the first attempt to end."""
    client.api.exec_start(client.api.exec_create(container, ["touch", "/tmp/go"])["Id"])
