"""Takes the pictures in docs/screenshots: a real program in containers, on an Estivador of its own that is gone afterwards.

    python -m tools.screenshots

It finds its way by addresses alone (and the one field of the login form), so that pages may change as they like.
"""

import io
import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import docker
from PIL import Image
from playwright.sync_api import Page

from app.config import Settings
from app.engine.containers import INSTANCE
from tools import demo, port
from tools.api import Api, Refused
from tools.chromium import chromium
from tools.common import ROOT, Problem, finish, load_dotenv, tell
from tools.demo_server import server
from tools.run import read_settings

FOLDER = ROOT / "docs" / "screenshots"
WIDTH, LEAST, MOST = 1280, 720, 1600  # pixels: the width, and from which to which height
LIMIT = 150 * 1024  # bytes a picture may have
COLOURS = (256, 128, 64)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGE_MILLISECONDS = 20_000.0
# Every seventh execution comes upon a number of samples that the program refuses.
PROGRAM = """for part in 1 2 3 4 5 6; do
    export SAMPLES=$((part * 60000))
    [ $((ESTIVADOR_INDEX % 7)) -eq 5 ] && [ $part -eq 5 ] && SAMPLES=0
    echo "part $part of 6"
    awk -f /app/pi.awk || exit
done"""


def main() -> int:
    """Run something worth looking at, and take its pictures."""
    signal.signal(signal.SIGTERM, demo.interrupt)
    signal.signal(signal.SIGHUP, demo.interrupt)
    load_dotenv()
    image_id = demo.build_image()
    with tempfile.TemporaryDirectory(prefix="estivador-screenshots-") as folder:
        settings = own_settings(Path(folder) / "instance")
        with server(settings) as (api, _), all_killed(api, settings):
            task_id = demo.register(api, image_id)
            take_all(api, task_id)
    return 0


def own_settings(instance: Path) -> Settings:
    """Settings of an instance of our own, also for the processes that we start; four slots, so that something waits."""
    os.environ |= {"ESTIVADOR_INSTANCE": str(instance), "ESTIVADOR_HOST": "127.0.0.1", "ESTIVADOR_PORT": str(port.free()), "ESTIVADOR_SLOTS": "4"}
    return read_settings()


def take_all(api: Api, task_id: int) -> None:
    """One run that succeeds, one with failures, and one that is under way while it is looked at."""
    start(api, task_id, times=12, env={"SAMPLES": "200000"})
    failed = start(api, task_id, times=24, command=["sh", "-c", PROGRAM])
    wait(api, failed, lambda result: result["status"] not in demo.LIVE)
    running = start(api, task_id, times=80, command=["sh", "-c", PROGRAM])
    wait(api, running, lambda result: result["counts"]["ERROR"] >= 2)
    detail_id = api.get(f"result/{failed}/detail/", status="ERROR")[0]["detail_id"]
    places = {
        "dashboard": "ui/",
        "result-running": f"ui/result/{running}/",
        "result-failed": f"ui/result/{failed}/",
        "execution": f"ui/result/{failed}/detail/{detail_id}/",
    }
    with signed_in(api) as page:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for name, path in places.items():
                visit(page, api.address + path)
                keep(picture(page), FOLDER / f"{name}-{scheme}.png")
    if api.get(f"result/{running}/")["status"] not in demo.LIVE:
        raise Problem("The run had ended before its picture was taken. Try again, on a machine that has less else to do.")


def start(api: Api, task_id: int, **parameters: Any) -> int:
    """RUN the task; return the result's id."""
    return int(api.post(f"task/{task_id}/", parameters)["result_id"])


def wait(api: Api, result_id: int, done: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until the result is as wanted; raise Problem when nothing moves any more."""
    answer: dict[str, Any] = {}

    def progress() -> str:
        answer.update(api.get(f"result/{result_id}/"))
        return f"{answer['status']} {answer['counts']}"

    demo.watch(progress, lambda _: done(answer))


@contextmanager
def all_killed(api: Api, settings: Settings) -> Iterator[None]:
    """Whatever happens meanwhile: afterwards nothing runs, and no container of this instance is left in the Engine."""
    try:
        yield
    finally:
        for result in api.get("result/", status="RUNNING", page_size=100) + api.get("result/", status="QUEUED", page_size=100):
            kill(api, result["result_id"])
        with closing(docker.from_env()) as client:
            label = f"{INSTANCE}={instance_id(settings)}"
            demo.watch(lambda: str(len(client.api.containers(all=True, filters={"label": label}))), lambda left: left == "0")


def kill(api: Api, result_id: int) -> None:
    """KILL a result, unless it has ended just now."""
    try:
        api.post(f"result/{result_id}/", {"operation": "KILL"})
    except Refused as refusal:
        if refusal.status != 409:
            raise


def instance_id(settings: Settings) -> str:
    """What this instance's containers carry in their label."""
    with closing(sqlite3.connect(settings.database)) as connection:
        return str(connection.execute("SELECT id FROM instance").fetchone()[0])


@contextmanager
def signed_in(api: Api) -> Iterator[Page]:
    """A page in Chromium, signed in with the admin token by the form."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": LEAST}, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
        page.set_default_timeout(PAGE_MILLISECONDS)
        visit(page, f"{api.address}ui/login/")
        field = page.locator("input[name=token]")
        field.fill(api.token)
        field.press("Enter")
        page.wait_for_url(lambda url: "/ui/login/" not in url)
        yield page


def visit(page: Page, address: str) -> None:
    """Go to an address; raise Problem if there is no such page."""
    response = page.goto(address)
    if response is None or not response.ok:
        raise Problem(f"{address} was answered with {response.status if response else 'nothing'}: there is no picture to take.")


def picture(page: Page) -> bytes:
    """The page from its top, as high as it is, within limits."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    return page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": max(LEAST, min(height, MOST))}, animations="disabled")


def keep(data: bytes, path: Path) -> None:
    """Write the picture with as many colours as fit into the limit."""
    with Image.open(io.BytesIO(data)) as full:
        coloured = full.convert("RGB")
    for colours in COLOURS:
        small = io.BytesIO()
        coloured.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LIMIT:
            break
    else:
        raise Problem(f"{path.name} has {small.tell() // 1024} KiB, more than {LIMIT // 1024}: show less on it, or lower MOST.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(small.getvalue())
    tell(f"{path.relative_to(ROOT)}: {small.tell() // 1024} KiB")


if __name__ == "__main__":
    os.chdir(ROOT)
    finish(main)
