"""How long a change in the database takes to the page, and that polling ends with the result."""

import random
import time
from collections.abc import Iterator

from playwright.sync_api import Page

from tests.bench.browsing import Traffic, wait_for
from tests.bench.report import Row, spread
from tests.bench.stage import Stage

TRIALS = 20
VISIBLE = 2.5
INTERVAL = 2000
"""Milliseconds between two polls; changes fall anywhere between."""
AFTER = 5000
"""Milliseconds for which a page is watched after the end of its result."""
# The time is taken in the frame that paints the new number.
TELL_COUNTS = """() => {
    window.cancelled = {};
    const read = () => document.querySelector('#filter-CANCELLED b').textContent.replaceAll(',', '');
    const note = () => { const number = read(); requestAnimationFrame(() => { window.cancelled[number] ??= Date.now(); }); };
    new MutationObserver(note).observe(document.getElementById('main'), {subtree: true, childList: true, characterData: true});
    return Number(read());
}"""
SEEN = "number => window.cancelled[number]"


def measure(stage: Stage) -> Iterator[Row]:
    """Cancel one execution after the other of two results, a small and a large one, while a page of each is open."""
    stored = stage.stored
    results = {"result of 200": stored.falling, "result of 10,000": stored.live}
    with stage.page(stage.full) as small, stage.page(stage.full) as large:
        pages = dict(zip(results, (small, large), strict=True))
        for name, page in pages.items():
            page.goto(f"/ui/result/{results[name]}/")
        for name, times in _trials(stage, results, pages).items():
            yield Row(f"a change is on the page, {name}", f"≤ {VISIBLE} s", f"{TRIALS} trials: {spread(times, 's', 2)}", max(times) <= VISIBLE)
        yield _end(stage, small)


def _trials(stage: Stage, results: dict[str, int], pages: dict[str, Page]) -> dict[str, list[float]]:
    """Change both at once, wait until both are seen, and again at another moment; return the seconds from each change to its sight."""
    chance = random.Random(2)
    waiting = {name: stage.stored.waiting(result) for name, result in results.items()}
    before = {name: page.evaluate(TELL_COUNTS) for name, page in pages.items()}
    times: dict[str, list[float]] = {name: [] for name in results}
    for trial in range(TRIALS):
        changed = {}
        for name, result in results.items():
            changed[name] = time.time()
            stage.stored.cancel(result, waiting[name][trial])
        for name, page in pages.items():
            seen = wait_for(page, SEEN, before[name] + trial + 1)
            times[name].append(seen / 1000 - changed[name])
        page.wait_for_timeout(chance.uniform(0, INTERVAL))
    return times


def _end(stage: Stage, page: Page) -> Row:
    """Let the small result end while its page is open, and count what the page asks for afterwards."""
    stored = stage.stored
    stored.cancel_all(stored.falling)
    wait_for(page, "() => !document.getElementById('live').hasAttribute('hx-get')")
    traffic = Traffic(page)
    page.wait_for_timeout(AFTER)
    return Row("polls of a page that saw its result's end", "none", f"{len(traffic.polls)} in {AFTER / 1000:.0f} s", not traffic.polls)
