"""How often open pages ask, and what an answer costs that has nothing new. All pages are open at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.bench.browsing import Traffic
from tests.bench.report import Row
from tests.bench.stage import Stage
from tests.support.estivador import Estivador

SECONDS = 20
IDLE = 500
"""Bytes of an answer that has nothing new, headers included."""
CLOCKS = "time, [data-since]"
# The script's own clocks tick each second, and htmx marks what waits for an answer by a class: neither is a morph.
TELL_MUTATIONS = """clocks => {
    window.mutations = [];
    const clock = node => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(clocks);
    const classes = text => (text ?? '').split(' ').filter(word => word && word !== 'htmx-request').join(' ');
    const mark = record => record.attributeName === 'class' && classes(record.oldValue) === classes(record.target.className);
    const note = record => clock(record.target) || mark(record) || window.mutations.push(
        `${record.type} ${record.attributeName ?? ''} of ${record.target.nodeName}#${record.target.id ?? ''}`);
    new MutationObserver(records => records.forEach(note)).observe(
        document.getElementById('main'), {subtree: true, childList: true, characterData: true, attributes: true, attributeOldValue: true});
}"""
# Headless Chromium hides no page, and it does not slow a page down that only says so: this is the stricter of the two.
HIDE = """() => {
    Object.defineProperty(document, 'hidden', {get: () => true});
    Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@dataclass(frozen=True)
class Case:
    """A page to open, how often it may ask in a second, and what is done to it first."""

    name: str
    place: Estivador
    path: str
    rate: float
    prepare: Callable[[Page], object] | None = None


def measure(stage: Stage) -> Iterator[Row]:
    """Open one page of each kind, and count for 20 s."""
    open_log = _open_log(stage)
    with ExitStack() as stack:
        opened = []
        for case in _cases(stage, open_log):
            page = stack.enter_context(stage.page(case.place))
            page.goto(case.path)
            if case.prepare:
                case.prepare(page)
            opened.append((case, page))
        pages = [(case, page, Traffic(page)) for case, page in opened]
        for _, page, _ in pages:
            page.evaluate(TELL_MUTATIONS, CLOCKS)
        for _, _, traffic in pages:
            traffic.clear()
        pages[0][1].wait_for_timeout(SECONDS * 1000)
        counted = [(case, list(traffic.polls), page.evaluate("window.mutations")) for case, page, traffic in pages]
    stage.fresh.post(open_log.replace("/ui", "", 1), {"operation": "KILL"})
    for case, polls, mutations in counted:
        yield _row(case, [poll for poll in polls if poll.status], len(polls), mutations)


def _row(case: Case, answered: list, number: int, mutations: list[str]) -> Row:
    if not case.rate:
        return Row(f"polls of {case.name}", "none", f"{number} in {SECONDS} s", number == 0)
    statuses = Counter(poll.status for poll in answered)
    size = max((poll.bytes for poll in answered), default=0)
    words = ", ".join(f"{times} of {status}" for status, times in sorted(statuses.items()))
    measured = f"{number / SECONDS:.2f}/s; {words or 'no answer'}; at most {size} B; {len(mutations)} mutations"
    if mutations:
        measured += f": {Counter(mutations).most_common(1)[0][0]}"
    # One poll more than the rate gives may fall into the time that is counted.
    reached = number <= case.rate * SECONDS + 1 and size <= IDLE and not mutations and not statuses.keys() - {204, 304}
    return Row(f"polls of {case.name}", f"≤ {case.rate:g}/s; idle: ≤ {IDLE} B, no morph", measured, reached)


def _cases(stage: Stage, open_log: str) -> list[Case]:
    stored, full = stage.stored, stage.full
    idle, (result, detail) = f"/ui/result/{stored.idle}/", stored.logged
    return [
        Case("a live result", full, idle, 0.5),
        Case("an execution with an open log", stage.fresh, open_log, 1),
        Case("the dashboard", full, "/ui/", 0.5),
        Case("the list of tasks", full, "/ui/task/", 0.5),
        Case("a task", full, f"/ui/task/{stored.task}/", 0.5),
        Case("the list of results", full, "/ui/result/", 0.5),
        Case("the list of Engines", full, "/ui/engine/", 0.5),
        Case("a finished result", full, f"/ui/result/{stored.small}/", 0),
        Case("a finished execution", full, f"/ui/result/{result}/detail/{detail}/", 0),
        Case("a hidden result", full, idle, 0, lambda page: page.evaluate(HIDE)),
        Case("a paused result", full, idle, 0, lambda page: page.click("#pause")),
        Case("a paused open log", stage.fresh, open_log, 0, lambda page: page.click("#pause")),
    ]


def _open_log(stage: Stage) -> str:
    """Run something that prints a few lines and then waits; return the path of its execution's page."""
    result = stage.fresh.run(stage.task, times=1, command=["sh", "-c", "seq 20; sleep 600"])
    stage.fresh.until_result(result, lambda found: found["counts"]["RUNNING"] == 1)
    detail = stage.fresh.details(result)[0]
    stage.fresh.until_answer(f"/result/{result}/detail/{detail['detail_id']}/", lambda found: found["status"] == "RUNNING", 10)
    return f"/ui/result/{result}/detail/{detail['detail_id']}/"
