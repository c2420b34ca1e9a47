"""How a person works a page: with a mouse, whose clicks are counted, or with a keyboard alone, where one must see the focus."""

from playwright.sync_api import Locator, Page

# "" where the focus is seen; else what is wrong with it. A region larger than the window is seen by its part that is in it.
WHERE_IS_THE_FOCUS = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return 'the page has no focus';
    const style = getComputedStyle(element);
    if (!element.matches(':focus-visible') || style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return 'it has no outline';
    const box = element.getBoundingClientRect();
    const middle = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
    const at = document.elementFromPoint(middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
    return at && (element.contains(at) || at.contains(element)) ? '' : `it is out of sight or behind ${at ? at.outerHTML.slice(0, 80) : 'nothing'}`;
}"""
WHO = "document.activeElement.outerHTML.slice(0, 160)"


class Mouse:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, target: Locator) -> None:
        """Click it once."""
        self.clicks += 1
        target.click()


class Keyboard:
    """Tab, Enter, Escape and typing."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator, steps: int = 60) -> None:
        """Press Tab until the target has the focus; it must be seen at each step on the way."""
        for _ in range(steps):
            self.page.keyboard.press("Tab")
            wrong = self.page.evaluate(WHERE_IS_THE_FOCUS)
            assert wrong in ("", "the page has no focus"), f"{wrong}: {self.page.evaluate(WHO)}"
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{steps} steps of Tab did not lead to {target}.")

    def press(self, key: str) -> None:
        """Press a key, or several at once (Control+A)."""
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Write in the field that has the focus, in place of what is there."""
        self.press("Control+A")
        self.page.keyboard.insert_text(text)
