"""Labels on the pages: shown as links to what has them too, filtered by, and typed as lines."""

import re
from html import unescape

from flask import Flask

from app.services import results, tasks
from tests.pages.person import Person
from tests.support.stepping import ready_task, task_of


def labelled(app: Flask, labels: dict[str, str], name: str = "tool", runs: int = 1) -> int:
    task_id = ready_task(app, name)
    with app.app_context():
        tasks.update(task_id, labels=labels)
        for _ in range(runs):
            results.submit(task_id)
    return task_id


def shown(text: str, kind: str) -> list[int]:
    return [int(number) for number in re.findall(rf'<tr id="{kind}-(\d+)"', text)]


def links(text: str) -> list[tuple[str, str]]:
    """Address and text of the labels of a page."""
    found = [link for each in re.findall(r'aria-label="Labels">(.*?)</ul>', text, re.DOTALL) for link in re.findall(r'<a href="([^"]+)">([^<]*)</a>', each)]
    return [(unescape(address), unescape(words)) for address, words in found]


def test_labels_lead_to_what_has_them_too(app: Flask, person: Person) -> None:
    task_id = labelled(app, {"team": "sea & <b>"})
    labelled(app, {"team": "land"}, "other")
    for path, kind, target in (
        ("/ui/result/", "result", "/ui/result/"),
        ("/ui/result/1/", "result", "/ui/result/"),
        ("/ui/task/", "task", "/ui/task/"),
        (f"/ui/task/{task_id}/", "task", "/ui/task/"),
    ):
        text = person.get(path).text
        assert "<b>" not in re.findall(r'aria-label="Labels">(.*?)</ul>', text, re.DOTALL)[0]
        address = next(address for address, words in links(text) if words == "team=sea & <b>")
        assert address == f"{target}?label=team%3Dsea+%26+%3Cb%3E"
        assert shown(person.get(address).text, kind) == [1]


def test_of_many_labels_a_list_shows_the_first(app: Flask, person: Person) -> None:
    labelled(app, {f"n{number}": "" for number in range(8)})
    assert [words for _, words in links(person.get("/ui/result/").text)] == [f"n{number}=" for number in range(6)]
    assert "and 2 more" in person.get("/ui/result/").text
    assert len(links(person.get("/ui/result/1/").text)) == 8


def test_labels_filter_the_results_with_a_field_for_each(app: Flask, person: Person) -> None:
    labelled(app, {"team": "sea", "stage": "test"})
    labelled(app, {"team": "sea"}, "other")
    assert shown(person.get("/ui/result/?label=team%3Dsea").text, "result") == [2, 1]
    text = person.get("/ui/result/?label=team%3Dsea&label=+stage+&label=").text
    assert shown(text, "result") == [1]
    assert re.findall(r'name="label"\s+value="([^"]*)"', text) == ["team=sea", "stage", ""]
    assert shown(person.get("/ui/result/?label=%3Dx").text, "result") == [2, 1], "nonsense lets everything through"


def test_what_labels_select_is_killed_after_a_question(app: Flask, person: Person) -> None:
    labelled(app, {"team": "sea"}, runs=2)
    labelled(app, {"team": "land"}, "other")
    asked = person.get("/ui/result/stop/?operation=KILL&label=team%3Dsea")
    assert "Kill 2 results?" in asked.text
    assert person.post("/ui/result/stop/?label=team%3Dsea", operation="KILL", expect="2").status_code == 303
    assert shown(person.get("/ui/result/?status=QUEUED").text, "result") == [3]


def test_a_tasks_labels_are_edited_as_lines(app: Flask, person: Person) -> None:
    task_id = labelled(app, {"team": "sea", "stage": "a=b"})
    text = person.get(f"/ui/task/{task_id}/edit/").text
    area = re.search(r'<textarea id="task_labels"[^>]*>\n?(.*?)</textarea>', text, re.DOTALL)
    assert area is not None
    assert unescape(area[1]) == "team=sea\nstage=a=b"
    for typed, labels in (("team=land\r\n", {"team": "land"}), ("", {})):
        assert person.post(f"/ui/task/{task_id}/edit/", name="tool", task_labels=typed).status_code == 303
        with app.app_context():
            assert task_of(task_id).labels == labels


def test_what_is_wrong_with_a_label_is_said_at_its_field(app: Flask, person: Person) -> None:
    task_id = labelled(app, {"team": "sea"})
    for path in (f"/ui/task/{task_id}/edit/", "/ui/task/new/"):
        answer = person.post(path, name="x", repository="tool", task_labels="estivador.x=1")
        assert answer.status_code == 422
        assert 'id="task_labels-error"' in answer.text
    assert person.post(f"/ui/task/{task_id}/edit/", name="x", task_labels="nonsense").status_code == 422
    with app.app_context():
        assert task_of(task_id).labels == {"team": "sea"}


def test_a_task_is_registered_with_labels(app: Flask, person: Person) -> None:
    assert person.post("/ui/task/new/", repository="tool", task_labels="team=sea").status_code == 303
    with app.app_context():
        assert task_of(1).labels == {"team": "sea"}
