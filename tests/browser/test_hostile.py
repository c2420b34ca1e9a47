"""What a user writes and a container prints stands on the pages as text, and does nothing there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.watch import Watch
from tests.support.estivador import Estivador
from tests.support.waiting import until

MARK = "hostile-mark"
ATTACKS = (
    f"<script>document.body.id='{MARK}'</script>",
    f'"><img src=x id={MARK} onerror=alert(1)>',
    f"'><svg id={MARK} onload=alert(1)>",
    f"</textarea><iframe id={MARK} srcdoc='<script>alert(1)</script>'></iframe>",
    f"</script></title></style><b id={MARK}>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}",
    "hx-on:click=alert(1)",
    "<hx-partial hx-target='body'>gone</hx-partial>",
)
HOSTILE = " ".join(ATTACKS)
PRINTS = 'printf "%s\\n" "$ATTACK"; printf "\\033]0;title\\007\\033[31m%s\\033[0m\\n" "$ATTACK"; printf "\\342\\200\\256reversed\\n\\007\\b\\033c"; exit 3'


class Planted:
    """The numbers of what carries the attacks."""

    def __init__(self, estivador: Estivador, image: str) -> None:
        self.task = estivador.register(image, name=HOSTILE[:200], description=HOSTILE)
        self.result = estivador.run(self.task, command=["sh", "-c", PRINTS, HOSTILE], env={"ATTACK": HOSTILE, "<b>": HOSTILE}, times=2)
        estivador.until_ended(self.result)
        self.detail = int(estivador.details(self.result)[0]["detail_id"])
        estivador.post("/token/", {"name": ATTACKS[1]})
        self.refused = estivador.run(self.task, command=[HOSTILE])
        estivador.until_ended(self.refused)
        self.refused_detail = int(estivador.details(self.refused)[0]["detail_id"])


@pytest.fixture(scope="module")
def planted(estivador: Estivador, seeded: object, busybox_image: str) -> Iterator[Planted]:
    found = Planted(estivador, busybox_image)
    yield found
    until(lambda: estivador.request("DELETE", f"/task/{found.task}/").status_code == 204, 20, "the task is deleted")


def paths(planted: Planted) -> list[str]:
    return [
        "/ui/",
        "/ui/task/",
        f"/ui/task/{planted.task}/",
        f"/ui/task/{planted.task}/edit/",
        f"/ui/task/{planted.task}/delete/",
        "/ui/result/",
        f"/ui/result/{planted.result}/",
        f"/ui/result/{planted.result}/rerun/",
        f"/ui/result/{planted.result}/delete/",
        f"/ui/result/{planted.result}/detail/{planted.detail}/",
        f"/ui/result/{planted.refused}/detail/{planted.refused_detail}/",
        "/ui/token/",
        "/ui/audit/",
    ]


def assert_inert(page: Page) -> None:
    assert page.locator(f"#{MARK}").count() == 0
    assert page.locator("iframe, img, object, embed, [onerror], [onload], [hx-on\\:click]").count() == 0
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("#main").count() == 1
    text = page.locator("body").inner_text()
    assert "\u202e" not in text
    assert "\x07" not in text


def test_it_stands_as_text_wherever_it_is_shown(page: Page, planted: Planted) -> None:
    for path in paths(planted):
        page.goto(path)
        assert_inert(page)


def test_it_is_inert_when_a_refresh_brings_it(page: Page, planted: Planted) -> None:
    page.goto("/ui/task/")
    with page.expect_response(lambda answer: "/ui/task/live" in answer.url):
        page.evaluate("document.dispatchEvent(new Event('wake'))")
    assert_inert(page)


@pytest.mark.parametrize("field", ["text", "from", "to", "status", "page", "find", "line", "next"])
def test_it_is_inert_in_the_address(page: Page, planted: Planted, field: str) -> None:
    for path in ("/ui/result/", "/ui/task/", "/ui/login/", f"/ui/result/{planted.result}/detail/{planted.detail}/"):
        page.goto(page.evaluate("([path, field, text]) => path + '?' + new URLSearchParams({[field]: text})", [path, field, HOSTILE]))
        assert_inert(page)


def test_it_is_inert_in_a_form_that_is_refused(page: Page, watch: Watch) -> None:
    watch.expect("status of 422")
    page.goto("/ui/task/new/")
    page.get_by_text("Description, and what its runs take by default").click()
    page.get_by_text("Limits", exact=True).click()
    for name in ("repository", "name", "description", "command", "timeout"):
        page.locator(f"#{name}").fill(HOSTILE)
    page.locator("#env").fill(HOSTILE)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#summary")).to_be_focused()
    assert page.locator("#name").input_value() == HOSTILE
    assert_inert(page)


def test_the_log_shows_what_would_turn_the_reading_direction(page: Page, planted: Planted) -> None:
    page.goto(f"/ui/result/{planted.result}/detail/{planted.detail}/")
    expect(page.locator("#log .ctl").first).to_have_text("U+202E")
    expect(page.locator("#L1")).to_contain_text(ATTACKS[0])
    expect(page.locator("#L2 .f1").first).to_contain_text(ATTACKS[0])
    assert "title" not in page.title()


def test_the_find_field_searches_for_it_as_text(open_page: OpenPage, estivador: Estivador, planted: Planted) -> None:
    page = open_page(estivador)
    page.goto(f"/ui/result/{planted.result}/detail/{planted.detail}/")
    page.locator("#find").fill(ATTACKS[0])
    expect(page.locator("#found")).to_have_text("1 of 2")
    assert_inert(page)
