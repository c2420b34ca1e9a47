"""The log of an execution: how soon its end is there, how soon a new line is, that none is missing, and that reading is not disturbed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.bench.browsing import TELL_SHOWN, Traffic, wait_for
from tests.bench.report import Row, median, rank, spread
from tests.bench.stage import Stage
from tests.bench.stored import LINES
from tests.bench.wire import Wire

REQUESTS, LOADS, TRIALS = 10, 5, 12
LAST, NEW = 300, 1.5
READING = 6000
"""Milliseconds for which a reader who has scrolled up is watched."""
AFTER = 5000
ROUNDING = 1
"""Pixels by which a place may be off because it is a whole number."""
DAY = 24 * 3600
TICKS = "seq 1500; i=0; while true; do i=$((i + 1)); echo tick $i; sleep 0.73; done"
# It prints for some seconds, so that the page meets it live, in the middle and after its end.
MANY = """sleep 3; awk 'BEGIN { for (i = 1; i <= 50000; i++) { print "line", i, "of 50000"; if (i % 1000 == 0) { fflush(); system("sleep 0.1") } } }'"""
# A line carries the time at which the Engine got it; its sight is the frame that paints it.
TELL_LINES = """() => {
    window.lines = [];
    const note = line => requestAnimationFrame(() => window.lines.push([line.querySelector('time').textContent, Date.now()]));
    new MutationObserver(records => records.forEach(record => record.addedNodes.forEach(node => node.querySelectorAll?.('p').forEach(note))))
        .observe(document.getElementById('log'), {childList: true});
}"""
# The reader looks at a line in the middle of the box; where it stands is noted in each frame.
TELL_PLACE = """() => {
    const log = document.getElementById('log'), box = log.getBoundingClientRect();
    const line = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2).closest('p');
    window.places = [];
    window.grown = log.querySelectorAll('p').length;
    const note = () => { window.places.push(line.getBoundingClientRect().top); requestAnimationFrame(note); };
    note();
}"""
MOVED = """() => {
    const lines = document.querySelectorAll('#log p').length;
    return [Math.max(...window.places) - Math.min(...window.places), lines - window.grown];
}"""
BELOW = "(log => log.scrollHeight - log.scrollTop - log.clientHeight)(document.getElementById('log'))"
# What is wrong with the lines, "" if nothing: their numbers and their words go up by one, without a gap.
CHECK = """() => {
    const lines = [...document.querySelectorAll('#log p')];
    const first = Number(lines[0].id.slice(1));
    const wrong = lines.findIndex((line, place) =>
        line.id !== `L${first + place}` || line.lastElementChild.textContent !== `line ${first + place} of 50000`);
    return [first, lines.length, wrong < 0 ? '' : lines[wrong].outerHTML];
}"""


def measure(stage: Stage) -> Iterator[Row]:
    """Measure a stored log first, then logs of containers that run."""
    yield from _stored(stage)
    with _running(stage, TICKS) as path, stage.page(stage.fresh) as page:
        page.goto(path)
        yield _new_lines(page)
        yield _reading(page)
    yield from _many(stage)


def _stored(stage: Stage) -> Iterator[Row]:
    result, detail = stage.stored.logged
    path = f"/ui/result/{result}/detail/{detail}/"
    with Wire(stage.full) as wire:
        answers = [wire.get(path) for _ in range(REQUESTS)]
    times = [answer.last for answer in answers]
    name = f"the last 1,000 lines of {LINES:,}"
    assert f'id="L{LINES}"' in _text(stage, path)
    yield Row(f"{name}: answered", f"≤ {LAST} ms", f"{spread(times)}; {len(answers[0].body) / 1024:.0f} KB", rank(times, 95) <= LAST)
    shown = [_shown(stage, path) for _ in range(LOADS)]
    times, below = [time for time, _ in shown], [round(rest) for _, rest in shown]
    yield Row(f"{name}: shown", f"≤ {LAST} ms", spread(times), median(times) <= LAST)
    yield Row("a log opens at its end", "0 px from it, each time", f"{', '.join(map(str, below))} px", max(below) <= ROUNDING)


def _text(stage: Stage, path: str) -> str:
    with Wire(stage.full) as wire:
        return wire.get(path, **{"Accept-Encoding": "identity"}).body.decode()


def _shown(stage: Stage, path: str) -> tuple[float, float]:
    """Return the milliseconds until the log is painted, and how many pixels below what is seen its end is."""
    with stage.page(stage.full) as page:
        page.add_init_script(TELL_SHOWN)
        page.goto(path)
        return float(wait_for(page, "() => window.shownAt")), page.evaluate(BELOW)


@contextmanager
def _running(stage: Stage, program: str) -> Iterator[str]:
    """Run a shell's program once, give the path of its page once it runs, and kill it afterwards."""
    place = stage.fresh
    result = place.run(stage.task, times=1, command=["sh", "-c", program])
    place.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    path = f"/result/{result}/detail/{place.details(result)[0]['detail_id']}/"
    try:
        yield f"/ui{path}"
    finally:
        place.request("POST", path, json={"operation": "KILL"})


def _new_lines(page: Page) -> Row:
    """Compare for some lines the time at which the Engine got them with the time at which they are painted."""
    page.evaluate(TELL_LINES)
    seen = wait_for(page, "number => window.lines.length >= number && window.lines", TRIALS)
    times = [(at / 1000 - _of_day(text)) % DAY for text, at in seen]
    return Row("a new line is on the page", f"≤ {NEW} s", f"{len(times)} lines: {spread(times, 's', 2)}", max(times) <= NEW)


def _of_day(text: str) -> float:
    """Return 12:34:56.789 as seconds."""
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _reading(page: Page) -> Row:
    """Scroll up by the wheel while lines come, and see by how much the line in the middle moves."""
    page.locator("#log").scroll_into_view_if_needed()
    page.locator("#log").hover()
    page.mouse.wheel(0, -4000)
    wait_for(page, "() => document.getElementById('follow').getAttribute('aria-pressed') === 'false'")
    page.wait_for_timeout(300)
    page.evaluate(TELL_PLACE)
    page.wait_for_timeout(READING)
    moved, lines = page.evaluate(MOVED)
    return Row("a reader who has scrolled up moves", "0 px", f"{moved:g} px while {lines} lines came", moved == 0 and lines > 0)


def _many(stage: Stage) -> Iterator[Row]:
    """Look on while 50,000 lines are printed; then the container ends, and with it the asking."""
    with _running(stage, MANY) as path, stage.page(stage.fresh) as page:
        page.goto(path)
        here = page.locator("#log p").count()
        begun = time.monotonic()
        wait_for(page, "() => document.getElementById('L50000')?.id", patience=120_000)
        took = time.monotonic() - begun
        first, lines, wrong = page.evaluate(CHECK)
        measured = f"{lines:,} lines from {first} on, {here} of them at the beginning, the last after {took:.1f} s"
        yield Row("50,000 lines while the page is open", "no gap", wrong or measured, (first, lines, wrong) == (1, LINES, ""))
        wait_for(page, "() => !document.querySelector('#live[hx-get], #tail[hx-get]')")
        below = round(page.evaluate(BELOW))
        yield Row("50,000 lines, followed: the end is in sight", "0 px from it", f"{below:,} px", below <= ROUNDING)
        traffic = Traffic(page)
        page.wait_for_timeout(AFTER)
        yield Row("polls of a page that saw its execution's end", "none", f"{len(traffic.polls)} in {AFTER / 1000:.0f} s", not traffic.polls)
