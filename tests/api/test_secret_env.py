"""Secret variables are given, merged, kept and refused like others, and answered by name alone."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.jobs import disclosed
from app.services import results, tasks
from tests.support.stepping import ready_task


def defaults(client: FlaskClient, task_id: int, **values: Any) -> None:
    assert client.patch(f"/task/{task_id}/", json={"parameters": {"secret_env": values}}).status_code == 200


def run(client: FlaskClient, body: Any = None) -> int:
    answer = client.post("/task/1/", json=body or {})
    assert answer.status_code == 201, answer.get_json()
    return int(answer.get_json()["result_id"])


def again(client: FlaskClient, result_id: int, **changes: Any) -> int:
    answer = client.post(f"/result/{result_id}/", json={"operation": "RERUN", **changes})
    assert answer.status_code == 201, answer.get_json()
    return int(answer.get_json()["result_id"])


def values_of(app: Flask, result_id: int) -> dict[str, str]:
    """What a container of the result would find."""
    with app.app_context():
        return disclosed.environment(results.get(result_id))


def shown(client: FlaskClient, path: str) -> Any:
    return client.get(path).get_json()["parameters"]


@pytest.fixture(autouse=True)
def task(app: Flask) -> int:
    return ready_task(app)


def test_a_run_has_its_secrets_and_the_answers_have_their_names(app: Flask, client: FlaskClient) -> None:
    result_id = run(client, {"env": {"A": "1"}, "secret_env": {"B": "b value", "C": 7, "D": ""}})
    assert values_of(app, result_id) == {"B": "b value", "C": "7", "D": ""}
    assert shown(client, f"/result/{result_id}/") == {"env": {"A": "1"}, "secret_env": {"B": None, "C": None, "D": None}}
    assert client.get("/result/").get_json()[0]["parameters"]["secret_env"] == {"B": None, "C": None, "D": None}
    with app.app_context():
        row = results.get(result_id)
        assert row.parameters == {"env": {"A": "1"}}
        assert all(token.startswith("gAAAA") for token in row.secret_env.values())


def test_where_there_are_none_the_answers_have_no_such_field(client: FlaskClient) -> None:
    assert "secret_env" not in shown(client, f"/result/{run(client, {'secret_env': {}})}/")
    assert "secret_env" not in shown(client, "/task/1/")


def test_a_task_is_registered_with_default_secrets(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/task/", json={"repository": "b", "parameters": {"timeout": 3, "secret_env": {"A": "a value"}}})
    path = answer.headers["Location"]
    assert shown(client, path) == {"timeout": 3.0, "secret_env": {"A": None}}
    assert client.get("/task/?name=b").get_json()[0]["parameters"] == {"timeout": 3.0, "secret_env": {"A": None}}
    with app.app_context():
        assert "a value" not in str(vars(tasks.get(2)))


def test_a_run_lays_its_own_over_the_defaults_name_by_name(app: Flask, client: FlaskClient) -> None:
    defaults(client, 1, A="a", B="b")
    assert values_of(app, run(client)) == {"A": "a", "B": "b"}
    assert values_of(app, run(client, {"secret_env": {"B": "mine", "C": "c"}})) == {"A": "a", "B": "mine", "C": "c"}
    assert values_of(app, run(client, {"secret_env": {"A": None}})) == {"A": "a", "B": "b"}
    assert values_of(app, run(client, {"secret_env": {}})) == {"A": "a", "B": "b"}, "{} adds no name, as with env"
    assert values_of(app, run(client, {"secret_env": None})) == {}


def test_what_a_task_shows_can_be_sent_back(app: Flask, client: FlaskClient) -> None:
    defaults(client, 1, A="a", B="b")
    parameters = shown(client, "/task/1/")
    del parameters["secret_env"]["B"]
    parameters["secret_env"]["C"] = "c"
    assert client.patch("/task/1/", json={"parameters": parameters}).get_json()["parameters"] == {"secret_env": {"A": None, "C": None}}
    assert values_of(app, run(client)) == {"A": "a", "C": "c"}
    client.patch("/task/1/", json={"description": "Only this."})
    assert values_of(app, run(client)) == {"A": "a", "C": "c"}
    client.patch("/task/1/", json={"parameters": {"timeout": 5}})
    assert values_of(app, run(client)) == {}, "`parameters` takes the place of all defaults"


def test_a_rerun_keeps_the_secrets_unless_they_are_changed(app: Flask, client: FlaskClient) -> None:
    original = run(client, {"secret_env": {"A": "a", "B": "b"}})
    defaults(client, 1, A="other", X="x")
    assert values_of(app, again(client, original)) == {"A": "a", "B": "b"}
    assert values_of(app, again(client, original, env={"Z": "1"})) == {"A": "a", "B": "b"}
    assert values_of(app, again(client, original, secret_env={"A": None, "C": "c"})) == {"A": "a", "C": "c"}
    assert values_of(app, again(client, original, secret_env=None)) == {}
    assert values_of(app, again(client, original, secret_env={})) == {}
    answer = client.post(f"/result/{original}/detail/1/", json={"operation": "RERUN", "secret_env": {"B": None}})
    assert values_of(app, answer.get_json()["result_id"]) == {"B": "b"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/task/1/", {"secret_env": {"NEW": None}}),
        ("/result/1/", {"operation": "RERUN", "secret_env": {"NEW": None}}),
        ("/task/", {"repository": "b", "parameters": {"secret_env": {"NEW": None}}}),
    ],
)
def test_null_where_there_is_no_value_is_refused_with_a_sentence(client: FlaskClient, path: str, body: Any) -> None:
    run(client, {"secret_env": {"A": "a"}})
    before = len(client.get("/result/").get_json()), len(client.get("/task/").get_json())
    answer = client.post(path, json=body)
    assert (answer.status_code, "'NEW'" in answer.get_json()["message"]) == (422, True)
    assert (len(client.get("/result/").get_json()), len(client.get("/task/").get_json())) == before


@pytest.mark.parametrize(
    "values",
    [{"A=B": "canary"}, {"": "canary"}, {"ESTIVADOR_INDEX": "canary"}, {"A": ["canary"]}, {"A": True}, {"A": "canary\0"}, {"A": "canary" * 11_000}, {"A": "canary \ud800"}, "A=canary", ["canary"]],
)  # fmt: skip
def test_names_and_values_follow_the_rules_of_env_and_a_refusal_repeats_no_value(client: FlaskClient, values: Any) -> None:
    answer = client.post("/task/1/", json={"secret_env": values})
    assert answer.status_code == 422
    assert "secret_env" in answer.get_json()["errors"]["json"]
    assert "canary" not in answer.text


@pytest.mark.parametrize(
    ("default", "body"),
    [
        ({}, {"env": {"A": "1"}, "secret_env": {"A": "2"}}),
        ({"env": {"A": "1"}}, {"secret_env": {"A": "2"}}),
        ({"secret_env": {"A": "1"}}, {"env": {"A": "2"}}),
    ],
)
def test_a_name_is_secret_or_it_is_not(client: FlaskClient, default: Any, body: Any) -> None:
    client.patch("/task/1/", json={"parameters": default})
    answer = client.post("/task/1/", json=body)
    assert (answer.status_code, "'A' is in env" in answer.text) == (422, True)
    assert client.get("/result/").get_json() == []
    clash = {"env": {"A": "1"}, "secret_env": {"A": "2"}}
    assert client.patch("/task/1/", json={"parameters": clash}).status_code == 422
    assert client.post("/task/", json={"repository": "b", "parameters": clash}).status_code == 422


def test_a_rerun_does_not_make_a_secret_name_plain_beside_it(client: FlaskClient) -> None:
    original = run(client, {"secret_env": {"A": "a"}})
    body = {"operation": "RERUN", "env": {"A": "1"}}
    assert client.post(f"/result/{original}/", json=body).status_code == 422
    assert client.post(f"/result/{original}/", json={**body, "secret_env": None}).status_code == 201


def test_defaults_and_the_runs_own_together_take_64_kib_at_most(app: Flask, client: FlaskClient) -> None:
    defaults(client, 1, A="a" * 40_000)
    answer = client.post("/task/1/", json={"secret_env": {"B": "b" * 40_000}})
    assert (answer.status_code, "65536" in answer.get_json()["message"]) == (422, True)
    assert client.patch("/task/1/", json={"parameters": {"secret_env": {"A": None, "B": "b" * 40_000}}}).status_code == 422
    assert len(values_of(app, run(client, {"secret_env": {"B": "b" * 25_000}}))) == 2


@pytest.mark.parametrize(("path", "operation"), [("/task/1/", "IMPORT"), ("/result/1/", "KILL"), ("/result/1/detail/1/", "CANCEL")])
def test_they_go_with_a_run_alone(client: FlaskClient, path: str, operation: str) -> None:
    run(client)
    answer = client.post(path, json={"operation": operation, "secret_env": {"A": "a"}})
    assert (answer.status_code, "secret_env" in answer.get_json()["errors"]["json"]) == (422, True)


def test_without_the_file_of_keys_each_refusal_says_what_to_do_and_all_else_goes_on(app: Flask, client: FlaskClient) -> None:
    defaults(client, 1, A="a")
    original, path = run(client), Path(app.instance_path) / "secret-keys"
    kept = path.read_text()
    path.unlink()
    for answer in (
        client.post("/task/1/"),
        client.post("/task/1/", json={"secret_env": {"B": "b"}}),
        client.post(f"/result/{original}/", json={"operation": "RERUN"}),
        client.patch("/task/1/", json={"parameters": {"secret_env": {"A": None}}}),
        client.post("/task/", json={"repository": "b", "registry_username": "me", "registry_password": "p"}),
    ):
        assert (answer.status_code, "put it back from the backup" in answer.get_json()["message"]) == (503, True)
    assert shown(client, f"/result/{original}/") == {"secret_env": {"A": None}}
    assert client.patch("/task/1/", json={"description": "x"}).status_code == 200
    assert client.post("/task/1/", json={"secret_env": None}).status_code == 201
    ready = client.get("/ready/").get_json()["parts"]["keys"]
    assert "put it back from the backup" in ready
    path.write_text(kept)
    assert values_of(app, run(client)) == {"A": "a"}
