"""The log on an execution's page: every line comes, at once, and where one reads it stays."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from docker import DockerClient
from playwright.sync_api import JSHandle, Page, expect

from tests.browser.clearing import clear
from tests.browser.conftest import OpenPage
from tests.browser.polls import poll
from tests.browser.seed import Seeded
from tests.support.estivador import Estivador

LONG = 5000
"""Lines of the long log."""


@dataclass(frozen=True)
class Speaker:
    """An execution that sleeps, and prints what it is told to."""

    path: str
    detail: Any
    client: DockerClient

    def run(self, script: str) -> None:
        """Run a shell script in its container; what that prints is printed by the execution."""
        self.client.api.exec_start(
            self.client.api.exec_create(self.detail["container_id"], ["sh", "-c", f"{{ {script}; }} > /proc/1/fd/1 2> /proc/1/fd/2"])["Id"]
        )

    def say(self, text: str) -> None:
        """Print a text."""
        self.run(f"printf {octal(text.encode())}")


def octal(data: bytes) -> str:
    """Bytes as an argument of printf."""
    return "'" + "".join(f"\\{byte:03o}" for byte in data) + "'"


def path_of(detail: Any) -> str:
    return f"/ui/result/{detail['result_id']}/detail/{detail['detail_id']}/"


@pytest.fixture
def speaker(estivador: Estivador, seeded: Seeded, docker_client: DockerClient) -> Iterator[Speaker]:
    """An execution that prints what a test tells it to; it has printed nothing yet."""
    result = estivador.run(seeded.task, command="sleep 3600")
    estivador.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    detail = estivador.details(result)[0]
    yield Speaker(path_of(detail), detail, docker_client)
    clear(estivador, result)


@pytest.fixture
def printed(estivador: Estivador, seeded: Seeded) -> Iterator[Callable[[str], Any]]:
    """Run a shell script to its end, and return the execution."""
    results = []

    def run(script: str) -> Any:
        results.append(estivador.run(seeded.task, command=["sh", "-c", script]))
        estivador.until_ended(results[-1])
        return estivador.details(results[-1])[0]

    yield run
    for result in results:
        clear(estivador, result)


@pytest.fixture(scope="module")
def long(estivador: Estivador, seeded: Seeded) -> Iterator[Any]:
    """An execution that failed after 5,000 lines, of which 3,500 to 4,499 are red."""
    script = (
        f"seq 1 3499 | sed 's,^,line ,'; printf '\\033[31m'; seq 3500 4499 | sed 's,^,line ,'; printf '\\033[0m'; seq 4500 {LONG} | sed 's,^,line ,'; exit 3"
    )
    result = estivador.run(seeded.task, command=["sh", "-c", script])
    estivador.until_ended(result)
    yield estivador.details(result)[0]
    clear(estivador, result)


AT_END = "() => { const log = document.getElementById('log'); return log.scrollHeight - log.scrollTop - log.clientHeight < 2; }"
NUMBERS = "() => [...document.querySelectorAll('#log p')].map(line => Number(line.id.slice(1)))"
TEXTS = "() => [...document.querySelectorAll('#log p > span')].map(text => text.textContent)"


def wait_for_line(page: Page, number: int, timeout: float = 10) -> None:
    page.wait_for_function("number => document.getElementById('L' + number)", arg=number, timeout=timeout * 1000)


def at_end(page: Page) -> None:
    page.wait_for_function(AT_END)


def place(page: Page, line: int) -> float:
    """Where on the screen a line stands."""
    top: float = page.evaluate("number => document.getElementById('L' + number).getBoundingClientRect().top", line)
    return top


def is_seen(page: Page, line: int) -> bool:
    """Whether a line is within what the log shows."""
    return bool(
        page.evaluate(
            """number => {
                const [line, log] = [document.getElementById('L' + number), document.getElementById('log')].map(one => one.getBoundingClientRect());
                return line.top >= log.top - 1 && line.bottom <= log.bottom + 1;
            }""",
            line,
        )
    )


def first_seen(page: Page) -> int:
    """The number of the first line within what the log shows."""
    number: int = page.evaluate(
        """() => {
            const top = document.getElementById('log').getBoundingClientRect().top;
            return Number([...document.querySelectorAll('#log p')].find(line => line.getBoundingClientRect().top >= top).id.slice(1));
        }"""
    )
    return number


# --- While it runs.


def test_a_new_line_comes_to_the_page_by_itself_with_its_time(page: Page, speaker: Speaker) -> None:
    page.goto(speaker.path)
    for number in range(1, 4):
        speaker.say(f"line {number}\n")
        expect(page.locator(f"#L{number}")).to_contain_text(f"line {number}")
        expect(page.locator(f"#L{number} time")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))


def test_one_who_follows_is_kept_at_the_end_and_one_who_scrolled_up_is_not_moved(page: Page, speaker: Speaker) -> None:
    speaker.run("seq 1 300")
    page.goto(speaker.path)
    follow = page.locator("#follow")
    expect(follow).to_have_attribute("aria-pressed", "true")
    for last in (301, 1500, 1540):
        speaker.run(f"seq {last - (1199 if last == 1500 else 40 if last == 1540 else 1) + 1} {last}")
        wait_for_line(page, last)
        at_end(page)

    page.hover("#log")
    page.mouse.wheel(0, -9000)
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.wait_for_function(
        "last => { const now = document.getElementById('log').scrollTop; const still = now === window.before; window.before = now; return still; }", polling=100
    )
    top, line = page.evaluate("document.getElementById('log').scrollTop"), first_seen(page)
    was = place(page, line)
    for last in (1550, 2700, 2710):
        speaker.run(f"seq {1541 if last == 1550 else 1551 if last == 2700 else 2701} {last}")
        wait_for_line(page, last)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("document.getElementById('log').scrollTop") == top
        assert place(page, line) == was
    expect(follow).to_have_attribute("aria-pressed", "false")

    page.mouse.wheel(0, 10_000_000)
    expect(follow).to_have_attribute("aria-pressed", "true")
    speaker.run("seq 2711 2750")
    wait_for_line(page, 2750)
    at_end(page)
    assert page.evaluate(NUMBERS) == list(range(541 - 240, 2751)) or page.evaluate(NUMBERS)[-1] == 2750


def test_50000_lines_printed_at_once_come_without_a_gap_or_a_line_twice(page: Page, speaker: Speaker) -> None:
    page.goto(speaker.path)
    speaker.run("seq 1 50000")
    wait_for_line(page, 50_000, timeout=60)
    wrong = page.evaluate(
        """() => {
            const lines = [...document.querySelectorAll('#log p')];
            return [lines.length, lines.filter((line, place) => line.id !== `L${place + 1}` || line.querySelector('span').textContent !== String(place + 1)).length];
        }"""
    )
    assert wrong == [50_000, 0]
    at_end(page)


def test_lines_of_both_streams_come_once_each_however_often_one_asks(page: Page, speaker: Speaker) -> None:
    page.goto(speaker.path)
    count = 240
    page.evaluate("setInterval(() => document.dispatchEvent(new Event('wake')), 15)")
    speaker.run(f"i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo out $i; echo err $i >&2; usleep 20000; done")
    speaker.say("over\n")
    page.get_by_text("over", exact=True).wait_for()
    poll(page, "tail")
    texts = page.evaluate(TEXTS)
    assert sorted(texts) == sorted(["over", *(f"{stream} {number}" for stream in ("out", "err") for number in range(1, count + 1))])
    assert page.evaluate(NUMBERS) == list(range(1, 2 * count + 2))


def test_the_rest_comes_when_it_ends_an_unfinished_last_line_too(page: Page, estivador: Estivador, seeded: Seeded) -> None:
    result = estivador.run(seeded.task, command=["sh", "-c", "trap 'printf three; exit 0' TERM; echo one; printf two; sleep 3600 & wait"])
    estivador.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    page.goto(path_of(estivador.details(result)[0]))
    expect(page.locator("#L1")).to_contain_text("one")
    estivador.post(f"/result/{result}/", {"operation": "KILL"})
    expect(page.locator("#L2 > span")).to_have_text("twothree")
    expect(page.locator("#tail[hx-get]")).to_have_count(0)
    assert page.evaluate(TEXTS) == ["one", "twothree"]
    clear(estivador, result)


# --- A long log.


def test_the_log_of_a_failed_execution_is_one_click_away_and_opens_at_its_end(page: Page, long: Any) -> None:
    page.goto(f"/ui/result/{long['result_id']}/")
    page.get_by_role("link", name=re.compile("^Log of execution")).click()
    wait_for_line(page, LONG)
    at_end(page)
    assert is_seen(page, LONG)
    assert page.evaluate(NUMBERS) == list(range(LONG - 999, LONG + 1))


def test_the_lines_before_are_brought_and_the_reader_keeps_the_place(page: Page, long: Any) -> None:
    page.goto(path_of(long))
    for first in (4001, 3001, 2001, 1001):
        page.evaluate("document.getElementById('log').scrollTop = 0")
        was = place(page, first)
        page.click("#earlier")
        wait_for_line(page, first - 1000)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert place(page, first) == pytest.approx(was, abs=1.5)
        assert is_seen(page, first)
    expect(page.locator("#earlier")).to_have_count(0)
    assert page.evaluate(NUMBERS) == list(range(1, LONG + 1))
    assert page.evaluate(TEXTS) == [f"line {number}" for number in range(1, LONG + 1)]


def test_the_colour_goes_on_into_the_window_that_is_shown_and_into_the_lines_before(page: Page, long: Any) -> None:
    red = "() => [...document.querySelectorAll('#log p')].filter(line => line.querySelector('span > .f1')).map(line => Number(line.id.slice(1)))"
    page.goto(path_of(long))
    assert page.evaluate(red) == list(range(4001, 4500))
    page.click("#earlier")
    wait_for_line(page, 3001)
    assert page.evaluate(red) == list(range(3500, 4500))
    shade = page.evaluate("getComputedStyle(document.querySelector('#L4001 .f1')).color")
    assert shade != page.evaluate("getComputedStyle(document.querySelector('#L4600 > span')).color")


@pytest.mark.parametrize("line", [1, 123, 4500, LONG])
def test_a_link_to_a_line_shows_and_marks_it_wherever_it_is(page: Page, long: Any, line: int) -> None:
    page.goto(f"{path_of(long)}#L{line}")
    expect(page.locator(f"#L{line}")).to_have_class(re.compile(r"\btarget\b"))
    assert is_seen(page, line)
    assert page.url.endswith(f"{'' if line > LONG - 1000 else f'?line={line}'}#L{line}")
    page.reload()
    expect(page.locator(f"#L{line}")).to_have_class(re.compile(r"\btarget\b"))
    assert is_seen(page, line)
    expect(page.locator("#log .target")).to_have_count(1)


def test_a_line_number_is_a_link_that_marks_its_line(page: Page, long: Any) -> None:
    page.goto(f"{path_of(long)}#L4500")
    page.click("#L4502 > a")
    expect(page.locator("#log .target")).to_have_id("L4502")
    assert page.url.endswith("#L4502")
    page.go_back()
    expect(page.locator("#log .target")).to_have_id("L4500")


def test_a_link_to_a_line_that_there_is_not_shows_the_end_and_no_error(page: Page, long: Any) -> None:
    page.goto(f"{path_of(long)}#L999999")
    expect(page).to_have_url(re.compile("line=999999"))
    expect(page.locator("h1")).to_contain_text("Execution")
    expect(page.locator(f"#L{LONG}")).to_be_attached()


def test_a_link_into_a_growing_log_keeps_its_line_in_place_while_the_rest_comes(page: Page, speaker: Speaker) -> None:
    speaker.run("seq 1 5000")
    page.goto(f"{speaker.path}#L123")
    expect(page.locator("#L123")).to_have_class(re.compile(r"\btarget\b"))
    assert is_seen(page, 123)
    was = place(page, 123)
    wait_for_line(page, 5000)
    speaker.run("seq 5001 5003")
    wait_for_line(page, 5003)
    assert place(page, 123) == was
    assert page.evaluate(NUMBERS) == list(range(1, 5004))


# --- Finding, and how it looks.


def highlighted(page: Page, name: str) -> int:
    size: int = page.evaluate("name => CSS.highlights.get(name)?.size ?? 0", name)
    return size


def test_find_counts_and_highlights_goes_on_with_enter_and_survives_a_reload(page: Page, long: Any) -> None:
    page.goto(path_of(long))
    page.fill("#find", "LINE 42")  # 4200 to 4299
    found = page.locator("#found")
    expect(found).to_have_text("1 of 100")
    assert (highlighted(page, "found"), highlighted(page, "now")) == (100, 1)
    assert is_seen(page, 4200)
    page.press("#find", "Enter")
    expect(found).to_have_text("2 of 100")
    page.press("#find", "Shift+Enter")
    page.press("#find", "Shift+Enter")
    expect(found).to_have_text("100 of 100")
    assert is_seen(page, 4299)
    assert "find=LINE+42" in page.url
    page.reload()
    expect(page.locator("#find")).to_have_value("LINE 42")
    expect(found).to_have_text("1 of 100")
    assert is_seen(page, 4200)
    page.fill("#find", "nowhere")
    expect(found).to_have_text("not in the lines shown")
    assert highlighted(page, "found") == 0
    page.fill("#find", "")
    expect(found).to_have_text("")


def test_find_finds_in_lines_that_come_later(page: Page, speaker: Speaker) -> None:
    speaker.say("a whale\n")
    page.goto(speaker.path)
    page.fill("#find", "whale")
    expect(page.locator("#found")).to_have_text("1 of 1")
    speaker.say("another whale\n")
    expect(page.locator("#found")).to_have_text("1 of 2")
    assert highlighted(page, "found") == 2


def test_wrapping_and_times_are_remembered(page: Page, estivador: Estivador, seeded: Seeded, long: Any) -> None:
    page.goto(path_of(long))
    expect(page.locator("#L4900 time")).to_be_hidden()
    for name in ("wrap", "times"):
        page.click(f"#log-{name}")
    for path in (None, path_of(estivador.details(seeded.complete)[0])):
        page.goto(path) if path else page.reload()
        for name in ("wrap", "times"):
            expect(page.locator(f"#log-{name}")).to_have_attribute("aria-pressed", "true")
        first = page.locator("#log p").last
        expect(first.locator("time")).to_be_visible()
        assert first.evaluate("line => getComputedStyle(line).whiteSpace") == "pre-wrap"
    for name in ("wrap", "times"):
        page.click(f"#log-{name}")
    page.reload()
    expect(page.locator("#log-wrap")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#log p").last.locator("time")).to_be_hidden()


def test_a_line_longer_than_the_screen_is_wrapped_only_if_asked(open_page: OpenPage, estivador: Estivador, printed: Callable[[str], Any]) -> None:
    detail = printed("seq 1 500 | tr '\\n' ' '")
    page = open_page(estivador, viewport={"width": 320, "height": 700})
    page.goto(path_of(detail))
    wide = "document.getElementById('log').scrollWidth > document.getElementById('log').clientWidth"
    assert page.evaluate(wide)
    page.click("#log-wrap")
    assert not page.evaluate(wide)


# --- What it holds.


def test_colours_become_classes_and_go_on_from_one_refresh_to_the_next(page: Page, speaker: Speaker) -> None:
    speaker.say("\x1b[31mred\x1b[0m plain \x1b[1;32mstrong\n")
    page.goto(speaker.path)
    assert page.inner_html("#L1 > span") == '<span class="f1">red</span> plain <span class="a-b f2">strong</span>'
    speaker.say("still\n")
    expect(page.locator("#L2 > span > .a-b.f2")).to_have_text("still")
    speaker.say("and\x1b[0m no more\n")
    expect(page.locator("#L3 > span > .a-b.f2")).to_have_text("and")
    speaker.say("plain\n")
    wait_for_line(page, 4)
    assert page.inner_html("#L4 > span") == "plain"


HOSTILE = [
    "<script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 2'><svg onload='window.owned = 3'>",
    "</span></p></div></hx-partial><h1>Taken</h1>",
    '</div><hx-partial hx-target="#main"><p>Taken</p></hx-partial>',
    '<div hx-get="/ui/token/" hx-trigger="load" hx-target="body">x</div>',
    "<a href=\"javascript:alert(1)\" onclick='alert(2)'>click</a> &lt;b&gt; &amp;",
    "<style>body { display: none }</style><meta http-equiv=refresh content=0><base href=//evil.example>",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
]
TERMINAL = {
    "\x1b]0;Taken\x07title": "title",
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1b[2J\x1b[1;1Hcleared": "cleared",
    "a\u202egnp.exe": "aU+202Egnp.exe",
    "\u2066isolated\u2069": "U+2066isolatedU+2069",
    "zero\u200bwidth": "zeroU+200Bwidth",
    "bell\x07 null\x00 back\x08": "bell null back",
    "10%\r100%": "100%",
}


@pytest.mark.parametrize("is_live", [False, True], ids=["opened", "while it comes"])
def test_a_hostile_log_is_nothing_but_text(page: Page, estivador: Estivador, speaker: Speaker, is_live: bool) -> None:
    lines = [*HOSTILE, *TERMINAL]
    text = "\n".join([*lines, "the end", ""])
    if is_live:
        page.goto(speaker.path)
        speaker.say(text)
    else:
        speaker.say(text)
        page.goto(speaker.path)
    wait_for_line(page, len(lines) + 1)
    poll(page, "tail")
    assert page.evaluate(TEXTS) == [*HOSTILE, *TERMINAL.values(), "the end"]
    assert page.evaluate("window.owned") is None
    assert page.evaluate("[...new Set([...document.querySelectorAll('#log *')].map(one => one.localName))].sort()") == ["a", "div", "p", "span", "time"]
    assert page.locator("#log .ctl").all_text_contents() == ["U+202E", "U+2066", "U+2069", "U+200B"]
    assert page.locator("h1").count() == 1
    assert "Taken" not in page.title()
    assert page.evaluate("getSelection().selectAllChildren(document.getElementById('L1')), String(getSelection())").strip().endswith(HOSTILE[0])


def test_the_raw_log_is_what_was_printed_byte_for_byte_as_a_file(page: Page, printed: Callable[[str], Any]) -> None:
    data = bytes(range(256)) * 3 + b"\r\n\x1b[31mred\x1b[0m <b>\n\xff\xfe no newline at the end"
    page.goto(path_of(printed(f"printf {octal(data)}")))
    with page.expect_download() as download:
        page.get_by_role("link", name="Raw").click()
    assert download.value.suggested_filename.endswith(".log")
    assert download.value.path().read_bytes() == data
    answer = page.context.request.get(f"{page.url}log/")
    assert answer.body() == data
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


__all__ = ["JSHandle"]
