"""The way from nothing to a first finished execution, as somebody goes it who has just signed in."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.bench.report import Row
from tests.bench.stage import Stage

MOST = 3
PATIENCE = 30_000


def measure(stage: Stage) -> Iterator[Row]:
    """Register, run, and wait; count the clicks."""
    assert not stage.fresh.get("/task/"), "The fresh Estivador is not fresh any more: measure this before what runs something there."
    with stage.page(stage.fresh) as page:
        page.goto("/ui/")
        clicks = [*_register(page, stage.image), *_run(page)]
    yield Row("clicks from a fresh start to a finished execution", f"≤ {MOST}", f"{len(clicks)}: {', '.join(clicks)}", len(clicks) <= MOST)


def _register(page: Page, image: str) -> Iterator[str]:
    """Register the image by the form that the dashboard begins with; what it suggests may be another one."""
    field = page.locator("input[name=repository]")
    if field.input_value() != image:
        yield "into the field, to type the image's name"
        field.click()
        field.fill(image)
    yield "Register"
    page.get_by_role("button", name="Register", exact=True).click()


def _run(page: Page) -> Iterator[str]:
    """Run it once it is READY, with what the form has in it."""
    expect(page.locator("#live .badge").first).to_have_text("READY", timeout=PATIENCE)
    yield "Run"
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#filter-COMPLETE b")).to_have_text("1", timeout=PATIENCE)
