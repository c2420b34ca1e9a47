"""What the pages show of attempts and of what waits: each attempt with its own log, and why one that is QUEUED does not run yet."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.engine.logs import Frame
from app.extensions import db
from app.jobs import context
from app.jobs.consumer import LOCAL_ENGINE
from app.models import Attempt, Consumer, Detail, Engine, Result, move, retry, withdraw_waiting
from app.pages.live import revision
from app.pages.words import DASH
from app.services import results
from app.states import Reason
from tests.pages.person import Person
from tests.support.stepping import details_of, ready_task

PAGE = "/ui/result/1/detail/1/"


def text_of(answer: TestResponse) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def rows(answer: TestResponse) -> list[list[str]]:
    """The cells of the table of attempts."""
    found = re.findall(r'<tr id="attempt-\d+">(.*?)</tr>', answer.text, re.DOTALL)
    return [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in found]


def log_of(answer: TestResponse) -> list[str]:
    """The lines of the log that a page, or a fragment of one, shows."""
    return [unescape(line) for line in re.findall(r"<span>([^<]*)</span></p>", answer.text)]


def start(detail: Detail, container: str) -> None:
    for name in ("claim", "create", "send_start", "start"):
        assert move(detail, name, **({"container_id": container * 64} if name == "create" else {"start": 5.0} if name == "start" else {}))


def say(detail: Detail, *lines: str) -> None:
    """Store the log of an execution's current attempt."""
    frames = [Frame(1, b"2026-01-31T12:00:00.000000000Z", f"{line}\n".encode()) for line in lines]
    context.log_store().save(detail.log_key, frames)


def fail(detail: Detail, container: str, *lines: str) -> None:
    """Carry an execution through an attempt that fails with exit code 3, to the wait for its next."""
    start(detail, container)
    assert move(detail, "exit", end=7.5, exit_code=3)
    say(detail, *lines)
    assert retry(detail, time.time() + 60, reason=Reason.EXIT, message="Ended with exit code 3.", peak_memory=12_582_912)


@pytest.fixture
def alive(app: Flask) -> None:
    """A consumer that has just said that it is alive; nothing in truth runs."""
    with app.app_context():
        db.session.add(Consumer(id="c", host="here", pid=1, started_at=time.time(), seen_at=time.time() + 3600))
        db.session.commit()


@contextmanager
def submitted(app: Flask, times: int = 1, **parameters: object) -> Iterator[list[Detail]]:
    """Submit a result of a task of its own, and give its executions."""
    task_id = ready_task(app)
    with app.app_context():
        yield details_of(results.submit(task_id, times, dict(parameters)).id)


def test_one_attempt_needs_no_table(app: Flask, person: Person) -> None:
    with submitted(app):
        pass
    answer = person.get(PAGE)
    assert "Attempts" not in answer.text
    assert '<h2 id="log-title">Log</h2>' in answer.text


def test_each_attempt_has_its_row_and_its_log(app: Flask, person: Person, alive: None) -> None:
    with submitted(app, retries=2) as [detail]:
        fail(detail, "a", "first")
        fail(detail, "b", "second")
    answer = person.get(PAGE)
    assert [row[:4] + row[5:] for row in rows(answer)] == [
        ["1", "ERROR", "exit: Ended with exit code 3.", "3", "2.5 s", "12.0 MiB", "Log"],
        ["2", "ERROR", "exit: Ended with exit code 3.", "3", "2.5 s", "12.0 MiB", "Log"],
        ["3", "QUEUED", DASH, DASH, DASH, DASH, DASH],
    ]
    links = re.findall(rf'href="({PAGE}\?attempt=\d)#log-title"', answer.text)
    assert links == [f"{PAGE}?attempt=1", f"{PAGE}?attempt=2"]
    for path, number, line in ((links[0], 1, "first"), (links[1], 2, "second"), (PAGE, 2, "second"), (f"{PAGE}?attempt=nonsense", 2, "second")):
        answer = person.get(path)
        assert f"Log of attempt {number}</h2>" in answer.text
        assert log_of(answer) == [line]
        assert 'hx-get="/ui/result/1/detail/1/log/tail' not in answer.text, "what has ended is not asked for again"
        raw = re.search(r'href="(/ui/result/1/detail/1/log/[^"]+)"', answer.text)
        assert raw is not None
        file = person.get(unescape(raw[1]))
        assert (file.text, file.headers["Content-Disposition"]) == (f"{line}\n", f'attachment; filename="result-1-execution-0-attempt-{number}.log"')
    assert log_of(person.get(f"{PAGE}?attempt=3")) == []
    assert person.get(f"{PAGE}?attempt=4").status_code == 404


def test_the_lines_before_are_those_of_the_attempt(app: Flask, person: Person) -> None:
    with submitted(app, retries=2) as [detail]:
        fail(detail, "a", *(f"old {number}" for number in range(1, 1202)))
        fail(detail, "b", "new")
    answer = person.get(f"{PAGE}?attempt=1")
    earlier = re.search(r'id="earlier"\s+href="([^"]+)"\s+hx-get="([^"]+)"', answer.text)
    assert earlier is not None
    assert unescape(earlier[1]) == "?attempt=1&line=1"
    assert log_of(person.get(unescape(earlier[2])))[0] == "old 1"
    assert log_of(person.get(f"{PAGE}{unescape(earlier[1])}"))[0] == "old 1"


def test_a_log_that_is_followed_does_not_go_on_into_the_next_attempts(app: Flask, person: Person, alive: None) -> None:
    with submitted(app, retries=2) as [detail]:
        start(detail, "a")
        say(detail, "first")
    answer = person.get(PAGE)
    assert log_of(answer) == ["first"]
    tail = re.search(r'hx-get="(/ui/result/1/detail/1/log/tail\?[^"]+)"', answer.text)
    assert tail is not None
    asks = unescape(tail[1])
    assert "attempt=1&" in asks
    with app.app_context():
        detail = details_of(1)[0]
        assert move(detail, "exit", end=7.5, exit_code=3)
        say(detail, "first", "last")
        assert retry(detail, time.time() - 1, reason=Reason.EXIT, message="Ended with exit code 3.")
        start(detail, "b")
        say(detail, *(f"of the second {number}" for number in range(9)))
    answer = person.get(asks)
    assert log_of(answer) == ["last"]
    assert "hx-get" not in answer.text, "it has ended, so nothing is asked any more"
    region = person.get(f"{PAGE}live")
    assert [row[:2] for row in rows(region)] == [["1", "ERROR"], ["2", "RUNNING"]]
    assert "Log of attempt 2</h2>" in person.get(PAGE).text


def test_what_waits_for_its_next_attempt_says_when_that_is_due_and_stays_the_same(app: Flask, person: Person, alive: None) -> None:
    with submitted(app, retries=1) as [detail]:
        fail(detail, "a", "first")
        due = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(detail.not_before))
    assert f"Waits for attempt 2 is due {due}" in text_of(person.get(PAGE))
    etag = person.get(f"{PAGE}live").headers["ETag"]
    assert person.get(f"{PAGE}live", headers={"If-None-Match": etag}).status_code == 304
    page = person.get("/ui/result/1/")
    assert f"Waiting: the next attempt is due {due}" in text_of(page)
    assert f"QUEUED {DASH} attempt 2 is due {due}" in text_of(page)
    etag = person.get("/ui/result/1/live").headers["ETag"]
    with app.app_context():
        assert etag.startswith(f'W/"r{db.session.get_one(Result, 1).revision}-')
    assert person.get("/ui/result/1/live", headers={"If-None-Match": etag}).status_code == 304
    with app.app_context():
        details_of(1)[0].not_before = time.time() - 1
        db.session.commit()
    answer = person.get("/ui/result/1/live", headers={"If-None-Match": etag})
    assert answer.status_code == 200, "what is due by now waits for something else"
    assert "Waiting: its turn has not come" in text_of(answer)
    with app.app_context():
        assert withdraw_waiting(1, Reason.CANCELLED, "Cancelled before it started.") == 1
    assert "Waits for" not in person.get(PAGE).text


def test_who_ends_what_waits_for_its_next_attempt_is_told_how_that_ends(app: Flask, person: Person) -> None:
    with submitted(app, times=2, retries=1) as [detail, other]:
        fail(detail, "a", "first")
        assert other.attempt == 1
    ends = "ends as its last one did"
    assert [ends in person.get(f"/ui/result/1/detail/{number}/kill/").text for number in (1, 2)] == [True, False]
    assert [ends in person.get(f"/ui/result/1/{verb}/").text for verb in ("cancel", "kill")] == [True, True]


@pytest.mark.parametrize(("wish", "says"), [("CANCEL", False), ("KILL", True)])
def test_a_wish_that_came_too_late_is_not_on_its_way(app: Flask, person: Person, wish: str, says: bool) -> None:
    with submitted(app) as [detail]:
        start(detail, "a")
        detail.wish = wish
        db.session.commit()
    assert (f"{wish.lower()} is on its way" in person.get(PAGE).text) == says


def test_each_attempt_shows_its_last_line(app: Flask, client: FlaskClient, person: Person) -> None:
    with submitted(app, retries=1) as [detail]:
        fail(detail, "a", "first")
        db.session.get_one(Attempt, (1, 1)).last_line, db.session.get_one(Attempt, (1, 1)).cpu_seconds = "no <cargo>", 0.123456
        db.session.commit()
    assert "no <cargo>" in text_of(person.get(PAGE))
    first = client.get("/result/1/detail/1/").get_json()["attempts"][0]
    assert (first["last_line"], first["cpu_seconds"]) == ("no <cargo>", 0.123)


def test_what_waits_for_a_slot_says_who_has_them(app: Flask, person: Person, alive: None) -> None:
    with submitted(app, times=3) as rows_of_result:
        db.session.get_one(Engine, LOCAL_ENGINE).slots = 1
        db.session.commit()
        start(rows_of_result[0], "a")
    page = person.get("/ui/result/1/")
    etag = re.search(r'data-live-etag="([^"]+)"', page.text)
    assert etag is not None
    assert "Waiting: 1 of 1 slots taken by result 1 (1)" in text_of(page)
    assert text_of(page).count(f"QUEUED {DASH} 1 of 1 slots taken by result 1 (1)") == 2
    assert person.get("/ui/result/1/live", headers={"If-None-Match": unescape(etag[1])}).status_code == 304
    with app.app_context():
        db.session.get_one(Engine, LOCAL_ENGINE).slots = 2
        db.session.commit()
    answer = person.get("/ui/result/1/live", headers={"If-None-Match": unescape(etag[1])})
    assert answer.status_code == 200, "the revision is the same, and what it waits for is not"
    assert "Waiting: its turn has not come" in text_of(answer)


def test_what_nobody_can_start_is_marked(app: Flask, person: Person) -> None:
    with submitted(app):
        pass
    for path in ("/ui/result/1/", PAGE):
        page = " ".join(person.get(path).text.split())
        assert re.search(r'class="note error">[^/]*(<svg.*?</svg>)?[^/]*no consumer is alive', page)


def test_a_result_of_which_nothing_waits_has_its_revision_alone(app: Flask, person: Person, alive: None) -> None:
    with submitted(app, retries=1) as [detail]:
        start(detail, "a")
        number = db.session.get_one(Result, 1).revision
    assert person.get("/ui/result/1/live").headers["ETag"] == revision(number) == f'W/"r{number}"'
    assert "Waiting" not in person.get("/ui/result/1/").text
