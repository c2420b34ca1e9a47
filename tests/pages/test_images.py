"""What the pages show of a task's images."""

import re
from html import unescape

from flask import Flask

from app.services import results
from tests.api.test_images import OTHER, brought_in
from tests.pages.person import Person
from tests.support.stepping import IMAGE, ready_task


def rows(text: str) -> list[str]:
    """The table of images, a text a row."""
    found = re.findall(r'<tr id="image-[0-9a-f]+">(.*?)</tr>', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def two_images(app: Flask) -> int:
    """A task with result 1 of its former image, and results 2 and 3 of its current one."""
    task_id = ready_task(app)
    brought_in(app, task_id, IMAGE)
    with app.app_context():
        results.submit(task_id)
    brought_in(app, task_id, OTHER)
    with app.app_context():
        results.submit(task_id), results.submit(task_id)
    return task_id


def test_a_task_shows_its_images_and_leads_to_the_results_of_each(app: Flask, person: Person) -> None:
    text = person.get(f"/ui/task/{two_images(app)}/").text
    current, former = rows(text)
    assert current.startswith("2" * 12)
    assert "current" in current
    assert current.endswith("2 results")
    assert former.startswith("1" * 12)
    assert "current" not in former
    assert former.endswith("1 result")
    links = [unescape(link) for link in re.findall(r'<a href="(/ui/result/\?task_id[^"]+)"', text)]
    for link, ids in zip(links, (["3", "2"], ["1"]), strict=True):
        assert re.findall(r'<tr id="result-(\d+)"', person.get(link).text) == ids
    assert 'name="image_id"' in person.get(links[0]).text, "a further filter keeps it"


def test_results_say_their_image_where_there_is_more_than_one(app: Flask, person: Person) -> None:
    one = ready_task(app, "one")
    brought_in(app, one, IMAGE)
    with app.app_context():
        results.submit(one)
    assert '<th scope="col">Image</th>' not in person.get(f"/ui/task/{one}/").text
    text = person.get(f"/ui/task/{two_images(app)}/").text
    assert '<th scope="col">Image</th>' in text
    assert re.findall(r'<td class="mono" title="sha256:\d+">(\d+)</td>\s*<td><span class="badge', text) == ["2" * 12, "2" * 12, "1" * 12]


def test_a_result_says_where_its_image_is_no_longer_the_tasks(app: Flask, person: Person) -> None:
    two_images(app)
    assert "Not the task's current image" in unescape(person.get("/ui/result/1/").text)
    assert "current image" not in person.get("/ui/result/2/").text


def test_a_task_without_an_image_shows_no_table(app: Flask, person: Person) -> None:
    person.post("/ui/task/new/", repository="tool")
    assert 'id="images"' not in person.get("/ui/task/1/").text
