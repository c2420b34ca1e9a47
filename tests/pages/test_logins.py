"""A registry's login in the forms: the password goes in, and never comes out; secret variables stay what they are."""

import pytest
from flask import Flask

from app.engine.images import Login
from app.jobs import disclosed
from app.services import results, tasks
from tests.pages.person import Person
from tests.pages.test_forms import Fields
from tests.support.stepping import ready_task

PASSWORD = " c4n4ry pass "


def login_of(app: Flask, task_id: int = 1) -> Login | None:
    with app.app_context():
        return disclosed.login(tasks.get(task_id))


@pytest.fixture
def task(app: Flask) -> int:
    """A READY task with a login and a default secret."""
    task_id = ready_task(app)
    with app.app_context():
        tasks.update(task_id, parameters={"secret_env": {"TOKEN": "c4n4ry"}, "timeout": 9.0}, login=tasks.Login("me", PASSWORD))
    return task_id


def test_a_task_is_registered_with_a_login(app: Flask, person: Person) -> None:
    fields = Fields(person.get("/ui/task/new/"))
    assert (fields.attributes["registry_password"]["type"], fields.attributes["registry_password"]["autocomplete"]) == ("password", "new-password")
    answer = person.post("/ui/task/new/", repository="a", registry_username="me", registry_password=PASSWORD)
    assert answer.status_code == 303
    assert login_of(app) == Login("me", PASSWORD)


def test_a_task_is_registered_without_one(app: Flask, person: Person) -> None:
    assert person.post("/ui/task/new/", repository="a", registry_username="", registry_password="").status_code == 303
    assert login_of(app) is None


@pytest.mark.parametrize(("typed", "field"), [({"registry_username": "me"}, "registry_password"), ({"registry_password": PASSWORD}, "registry_username")])
def test_one_without_the_other_is_told_at_its_field_and_no_password_comes_back(app: Flask, person: Person, typed: dict[str, str], field: str) -> None:
    answer = person.post("/ui/task/new/", repository="a", **typed)
    assert answer.status_code == 422
    assert "go together" in Fields(answer).said_of(field)
    assert "c4n4ry" not in answer.text


def test_a_password_in_the_address_is_not_filled_in(person: Person) -> None:
    assert "c4n4ry" not in person.get("/ui/task/new/", query_string={"registry_username": "me", "registry_password": "c4n4ry"}).text


def test_no_page_shows_what_is_secret(app: Flask, person: Person, task: int) -> None:
    with app.app_context():
        results.submit(task)
    pages = [person.get(path).text for path in (f"/ui/task/{task}/", f"/ui/task/{task}/edit/", "/ui/task/", "/ui/result/1/", "/ui/result/1/detail/1/", "/ui/result/1/rerun/")]  # fmt: skip
    assert not [page for page in pages if "c4n4ry" in page or "gAAAA" in page]
    assert "as <code>me</code>" in " ".join(pages[0].split())
    assert "TOKEN" in pages[3]
    assert "--env TOKEN " in pages[4]


def test_an_edit_with_an_empty_password_leaves_login_and_secrets(app: Flask, person: Person, task: int) -> None:
    fields = Fields(person.get(f"/ui/task/{task}/edit/"))
    assert (fields.values["registry_username"], fields.values["registry_password"]) == ("me", "")
    for typed in ({"registry_username": "me", "registry_password": ""}, {}):
        assert person.post(f"/ui/task/{task}/edit/", name="b", timeout="4", secret_env=fields.values["secret_env"], **typed).status_code == 303
        assert login_of(app) == Login("me", PASSWORD)
    with app.app_context():
        assert tasks.get(task).parameters == {"timeout": 4.0}
        assert disclosed.environment(results.submit(task)) == {"TOKEN": "c4n4ry"}


def test_an_edit_changes_the_login_or_takes_it_away(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/edit/")
    assert person.post(f"/ui/task/{task}/edit/", name="b", registry_username="you", registry_password="other").status_code == 303
    assert login_of(app) == Login("you", "other")
    assert person.post(f"/ui/task/{task}/edit/", name="b", registry_username="you", registry_remove="1").status_code == 303
    assert login_of(app) is None


@pytest.mark.parametrize(("typed", "field"), [({"registry_username": ""}, "registry_username"), ({"registry_username": "you"}, "registry_password"), ({"registry_username": "", "registry_password": "p"}, "registry_username")])  # fmt: skip
def test_half_a_change_of_the_login_is_told_at_its_field(app: Flask, person: Person, task: int, typed: dict[str, str], field: str) -> None:
    person.get(f"/ui/task/{task}/edit/")
    answer = person.post(f"/ui/task/{task}/edit/", name="b", **typed)
    assert answer.status_code == 422
    assert Fields(answer).said_of(field)
    assert login_of(app) == Login("me", PASSWORD)


def test_a_run_from_the_form_has_the_default_secrets(app: Flask, person: Person, task: int) -> None:
    shown = Fields(person.get(f"/ui/task/{task}/")).values["secret_env"]
    assert shown == "TOKEN"
    assert person.post(f"/ui/task/{task}/", times="1", env="A=1", secret_env=shown).status_code == 303
    assert person.post("/ui/result/1/rerun/", edited="1", times="1", env="A=2", secret_env=shown).status_code == 303
    with app.app_context():
        assert [disclosed.environment(results.get(number)) for number in (1, 2)] == [{"TOKEN": "c4n4ry"}] * 2


def test_a_variable_that_is_secret_already_is_told_at_its_field(app: Flask, person: Person, task: int) -> None:
    person.get(f"/ui/task/{task}/")
    person.post(f"/ui/task/{task}/", times="1", secret_env="TOKEN")
    for path, more in ((f"/ui/task/{task}/", {}), ("/ui/result/1/rerun/", {"edited": "1"}), (f"/ui/task/{task}/edit/", {"name": "b"})):
        answer = person.post(path, times="1", env="TOKEN=1", secret_env="TOKEN", **more)
        fields = Fields(answer)
        assert (answer.status_code, "is in env too" in fields.said_of("secret_env"), fields.values["env"]) == (422, True, "TOKEN=1")
