import random
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from markupsafe import Markup

from app.pages import charts, marks
from app.services.statistics import Bin, Grid, Past, Point, Recent, Span, Summary, Timeline
from app.states import Status

EVIL = '"><script>alert(1)</script>'
ALL = list(Status)
STATIC = Path(__file__).resolve().parents[2] / "app" / "static"
SUMMARY = Summary(9_800, 0.1, 2.0, 7.5, 9.9)


def parsed(chart: Markup, root: str = "svg", role: str = "img") -> ET.Element:
    """The chart as XML, after what holds for all of them."""
    tree = ET.fromstring(str(chart))
    assert tree.tag.split("}")[-1] == root
    assert tree.get("role") == role
    assert tree.get("preserveAspectRatio")
    assert re.fullmatch(r"0 0 [\d.]+ [\d.]+", tree.get("viewBox", ""))
    name = tree.get("id")
    if name:
        assert (tree.get("aria-labelledby"), tree.get("aria-describedby")) == (f"{name}-t", f"{name}-d")
        assert [child.get("id") for child in tree][:2] == [f"{name}-t", f"{name}-d"]
    assert "style=" not in chart
    assert "script" not in {element.tag for element in tree.iter()}
    assert not re.search(r"\.\d\d", " ".join(element.get("d", "") for element in tree.iter()))
    assert "nan" not in chart
    assert "inf" not in re.sub(r"<(title|desc).*?</\1>", "", chart)
    return tree


def nodes(tree: ET.Element) -> int:
    return sum(1 for _ in tree.iter())


def paths(tree: ET.Element) -> dict[str, str]:
    return {element.get("class", ""): element.get("d", "") for element in tree.iter("path")}


def desc(tree: ET.Element) -> str:
    found = tree.find("desc")
    assert found is not None
    return found.text or ""


def grid_of(cells: list[dict[Status, int]], size: int = 1) -> Grid:
    counts: Counter[Status] = Counter()
    for cell in cells:
        counts.update(cell)
    return Grid(counts.total(), size, 60, cells, counts)


def test_the_bar_shows_each_status_and_the_smallest_too() -> None:
    counts = dict.fromkeys(ALL, 1) | {Status.COMPLETE: 99_000, Status.ERROR: 995}
    tree = parsed(charts.bar(counts, 99_999, f"Result 5 {EVIL}", "r5"))
    assert desc(tree) == "99,997 of 99,999 executions ended: 99,000 complete, 995 error, 1 killed, 1 cancelled, 1 running, 1 queued."
    assert set(paths(tree)) == {f"s-{status.lower()}" for status in Status}
    widths = {key: float(re.findall(r"h([\d.]+)", data)[0]) for key, data in paths(tree).items()}
    assert min(widths.values()) == 5.0
    assert sum(widths.values()) == pytest.approx(1000, abs=0.5)
    assert nodes(tree) == 9


@pytest.mark.parametrize("counts", [{}, dict.fromkeys(Status, 0)])
def test_the_bar_of_nothing_is_empty(counts: dict[Status, int]) -> None:
    assert paths(parsed(charts.bar(counts, 0, "Empty"))) == {}


def test_the_grid_draws_another_shape_for_each_status() -> None:
    tree = parsed(charts.grid(grid_of([{status: 1} for status in Status])))
    outlines = [re.sub(r"^M\d+ \d+", "", data) for data in paths(tree).values()]
    assert len(set(outlines)) == len(Status)
    assert desc(tree).endswith(": 1 complete, 1 error, 1 killed, 1 cancelled, 1 running, 1 queued.")


def test_the_grid_tells_a_script_where_its_cells_are() -> None:
    tree = parsed(charts.grid(grid_of([{Status.COMPLETE: 5}] * 2000, 5)))
    assert {key: tree.get(f"data-{key}") for key in ("columns", "cell", "size", "times")} == {"columns": "60", "cell": "10", "size": "5", "times": "10000"}
    assert tree.get("viewBox") == "0 0 600 340"
    assert "A cell stands for 5" in desc(tree)


def test_each_cell_of_the_grid_stands_in_its_place() -> None:
    tree = parsed(charts.grid(grid_of([{Status.COMPLETE: 1}] * 61 + [{Status.ERROR: 1}] + [{Status.COMPLETE: 1}])))
    x = y = 0
    places = []
    for kind, dx, dy in re.findall(r"([Mm])(-?\d+) (-?\d+)h", paths(tree)["s-complete"]):
        x, y = (int(dx), int(dy)) if kind == "M" else (x + int(dx), y + int(dy))
        places.append((y // 10) * 60 + x // 10)
    assert places == [*range(61), 62]


def test_one_failure_in_a_bucket_is_seen() -> None:
    tree = parsed(charts.grid(grid_of([{Status.COMPLETE: 49, Status.ERROR: 1}, {Status.COMPLETE: 50}], 50)))
    assert set(paths(tree)) == {"s-complete", "s-error"}


@pytest.mark.parametrize("kinds", [ALL, *([status] for status in Status)])
def test_the_grid_of_ten_thousand_is_small(kinds: list[Status]) -> None:
    choose = random.Random(1)
    chart = charts.grid(grid_of([{choose.choice(kinds): 5} for _ in range(2000)], 5))
    assert len(chart.encode()) <= 60_000
    assert nodes(parsed(chart)) <= 20


def test_the_histogram_has_marks_labels_and_numbers() -> None:
    bins = [Bin(place * 0.5, place * 0.5 + 0.5, {Status.COMPLETE: 100 - place, Status.ERROR: 3, Status.KILLED: 1}) for place in range(20)]
    tree = parsed(charts.histogram(bins, SUMMARY))
    assert set(paths(tree)) == {"s-complete", "s-error", "s-killed", "axis", "mark"}
    assert [text.text for text in tree.iter("text")] == ["p50 2.0 s", "p95 7.5 s", "0.0 s", "10.0 s", "tallest: 104"]
    assert nodes(tree) <= 20
    for number in ("1,890 executions", "1,810 complete", "60 error", "20 killed", "2.0 s (p50)", "7.5 s (p95)", "9.9 s", "104"):
        assert number in desc(tree)
    heights = [float(height) for data in paths(tree).values() for height in re.findall(r"v([\d.]+)h", data)]
    assert min(heights) >= 1.5
    assert max(heights) <= 86


def test_the_histogram_of_equal_durations_is_one_bar() -> None:
    tree = parsed(charts.histogram([Bin(2.5, 3.0, {Status.COMPLETE: 5})], Summary(5, 2.5, 2.5, 2.5, 2.5)))
    assert set(paths(tree)) == {"s-complete", "axis", "mark"}


@pytest.mark.parametrize("chart", [charts.histogram([], None), charts.timeline(Timeline(None, None, 0, 0))])
def test_where_nothing_has_happened_the_picture_says_so(chart: Markup) -> None:
    assert re.search(r"No execution has (ended|started) yet\.", desc(parsed(chart)))


def test_the_timeline_has_a_path_a_status_and_shows_what_still_runs() -> None:
    spans = [Span(float(place), place + 2.0, ALL[2 + place % 4], place) for place in range(199)] + [Span(198.5, None, Status.RUNNING, 199)]
    tree = parsed(charts.timeline(Timeline(0.0, 245.0, 200, 3, spans), "t7"))
    assert set(paths(tree)) == {"s-complete", "s-error", "s-cancelled", "s-killed", "s-running", "axis"}
    assert [text.text for text in tree.iter("text")] == ["first start", "+ 4 min 05 s", "most at once: 3"]
    assert desc(tree).startswith("200 executions started, over 4 min 05 s, at most 3 at once. Of these: 50 complete, ")
    assert nodes(tree) <= 20


def test_a_timeline_of_many_is_one_area() -> None:
    points = [Point(float(second), second % 5) for second in range(299)] + [Point(299.0, 0)]
    chart = charts.timeline(Timeline(0.0, 299.0, 10_000, 4, (), points))
    assert set(paths(parsed(chart))) == {"s-running", "axis"}
    assert len(chart) < 8_000
    assert nodes(parsed(chart)) <= 20


@pytest.mark.parametrize("end", [5.0, 5.0001])
def test_a_timeline_of_a_moment_stays_in_its_picture(end: float) -> None:
    for figures in (Timeline(5.0, end, 1, 1, [Span(5.0, 5.0, Status.ERROR, 0)]), Timeline(5.0, end, 300, 300, (), [Point(5.0, 300), Point(end, 0)])):
        xs = [float(x) for data in paths(parsed(charts.timeline(figures))).values() for x in re.findall(r"[MH]([\d.]+)", data)]
        assert min(xs) >= 0
        assert max(xs) <= 320


def test_the_last_results_are_links() -> None:
    results = [Past(place, ALL[place % 6], None if place % 6 < 2 else place / 2) for place in range(1, 21)]
    tree = parsed(charts.bars(Recent(results, 4.0), lambda result_id: f'/ui/result/{result_id}/?a=1&b="', "task-3"), role="group")
    links = list(tree.iter("a"))
    assert [link.get("href") for link in links] == [f'/ui/result/{place}/?a=1&b="' for place in range(1, 21)]
    assert links[1].get("aria-label") == "Result 2: complete, 1.0 s"
    assert {link.get("tabindex") for link in links} == {"-1"}
    assert desc(tree) == "20 results: 4 complete, 3 error, 3 killed, 3 cancelled, 4 running, 3 queued. Half of the executions took at most 4.0 s."
    assert nodes(tree) == 3 + 20 * 4


def test_a_task_without_results_has_an_empty_row() -> None:
    assert desc(parsed(charts.bars(Recent(), str, "task-1"), role="group")) == "0 results: none."


@pytest.mark.parametrize(
    ("counts", "mark"),
    [
        ({}, "idle"),
        ({Status.QUEUED: 3}, "idle"),
        ({Status.QUEUED: 3, Status.COMPLETE: 1}, "idle"),
        ({Status.RUNNING: 1, Status.ERROR: 1}, "running"),
        ({Status.COMPLETE: 9, Status.ERROR: 1}, "failed"),
        ({Status.KILLED: 1}, "failed"),
        ({Status.CANCELLED: 1}, "idle"),
        ({Status.COMPLETE: 9, Status.CANCELLED: 1}, "complete"),
    ],
)
def test_the_icon_says_how_it_stands(counts: dict[Status, int], mark: marks.Mark) -> None:
    assert marks.mark_of(counts) == mark
    assert ET.parse(STATIC / f"favicon-{mark}.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_no_name_or_title_breaks_out() -> None:
    for chart in (
        charts.bar({Status.ERROR: 1}, 1, EVIL, EVIL),
        charts.grid(grid_of([{Status.ERROR: 1}]), EVIL),
        charts.bars(Recent([Past(1, Status.ERROR, 1.0)]), lambda _: EVIL, EVIL),
    ):
        assert "<script" not in chart
        ET.fromstring(str(chart))
