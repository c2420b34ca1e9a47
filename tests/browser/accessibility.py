"""Asks axe-core whether a page shuts anybody out: light and dark, on a phone and on a desk."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCHEMES = ("light", "dark")
WIDTHS = (320, 1280)
HEIGHT = 800
# A change of scheme or width may fade, and a script may answer to it: axe is to see the end. What turns for ever is left to turn.
SETTLE = """async () => {
    const drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ends = animation => Number.isFinite(animation.effect.getComputedTiming().endTime);
    await drawn();
    document.getAnimations().filter(ends).forEach(animation => animation.finish());
    await drawn();
}"""
# The culprits are the innermost elements that stick out, apart from what a box that scrolls by itself holds. What is placed
# absolutely is held by a box only if that box, or one inside of it, is what it is placed in.
STICKS_OUT = """() => {
    const root = document.documentElement, edge = root.clientWidth;
    if (root.scrollWidth <= edge) return [];
    const above = element => getComputedStyle(element).position === 'absolute' ? element.offsetParent : element.parentElement;
    const held = element => {
        for (let box = above(element); box && box !== document.body && box !== root; box = above(box)) {
            if (getComputedStyle(box).overflowX !== 'visible') return true;
        }
        return getComputedStyle(element).position === 'fixed';
    };
    const out = [...document.body.querySelectorAll('*')].filter(element => element.getBoundingClientRect().right > edge + 0.5 && !held(element));
    const innermost = out.filter(element => !out.some(other => other !== element && element.contains(other)));
    const shown = element => `${element.cloneNode(false).outerHTML.slice(0, 160)} in ${element.parentElement.cloneNode(false).outerHTML.slice(0, 80)}`;
    return [`the page is ${root.scrollWidth} px wide`, ...innermost.slice(0, 5).map(shown)];
}"""


def assert_accessible(page: Page, without: tuple[str, ...] = ()) -> None:
    """Fail if axe finds something in any scheme and width, or the page scrolls sideways at 320 px; `without` names rules to leave out.

    It looks at the page as it stands, open dialogs and all. The size and scheme that it had are given back.
    """
    found: dict[str, list[str]] = {}
    before = page.viewport_size
    for name in combinations(page):
        for line in [*violations(page, without), *sideways(page)]:
            found.setdefault(line, []).append(name)
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)
    assert not found, f"{page.url} shuts people out:\n" + "\n".join(f"{line}\n    ({'; '.join(names)})" for line, names in found.items())


def combinations(page: Page) -> Iterator[str]:
    """Put the page in each scheme and width, one after the other, and say which it is."""
    for scheme in SCHEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.evaluate(SETTLE)
            yield f"{scheme}, {width} px"


def violations(page: Page, without: tuple[str, ...] = ()) -> list[str]:
    """What axe finds on the page as it stands: a line an element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": TAGS, "resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in without}}
    answer: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [_line(violation, node) for violation in answer["violations"] for node in violation["nodes"]]


def _line(violation: dict[str, Any], node: dict[str, Any]) -> str:
    place = " ".join(str(part) for part in node["target"])
    why = " ".join(node["failureSummary"].split())
    return f"{violation['id']} ({violation['impact']}) at {place}: {why} {node['html'][:160]}"


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, where it is as narrow as a phone."""
    if page.viewport_size is None or page.viewport_size["width"] > min(WIDTHS):
        return []
    culprits: list[str] = page.evaluate(STICKS_OUT)
    return [f"scrolls sideways: {' '.join(culprits)}"] if culprits else []
