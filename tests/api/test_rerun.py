from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Detail, move, move_task
from tests.support.estivador import Estivador
from tests.support.stepping import details_of, ready_task, submitted, task_of

OTHER_IMAGE = "sha256:" + "2" * 64


def fail(detail: Detail) -> None:
    """Carry an execution to its end, ERROR."""
    for name in ("claim", "create", "send_start"):
        assert move(detail, name)
    assert move(detail, "start", start=5.0) and move(detail, "exit", end=7.0, exit_code=3) and move(detail, "fail", reason="exit") and move(detail, "remove")


def again(client: FlaskClient, path: str, **body: Any) -> Any:
    answer = client.post(path, json={"operation": "RERUN", **body})
    assert answer.status_code == 201, answer.get_json()
    assert answer.headers["Location"] == f"/result/{answer.get_json()['result_id']}/"
    return client.get(answer.headers["Location"]).get_json()


def indices(client: FlaskClient, result: Any) -> list[int]:
    return [row["index"] for row in client.get(f"/result/{result['result_id']}/detail/").get_json()]


def test_a_result_runs_again_with_the_same_parameters(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    parameters = {"command": ["echo"], "env": {"SEED": "7"}, "timeout": 3.0}
    client.post(f"/task/{task_id}/", json={"times": 4, **parameters})
    result = again(client, "/result/1/")
    assert (result["rerun_of"], result["times"], result["parameters"], result["status"]) == (1, 4, parameters, "QUEUED")
    assert indices(client, result) == [0, 1, 2, 3]


def test_each_of_the_two_knows_the_other(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    before = client.get(f"/result/{result_id}/")
    assert (before.get_json()["reruns"], before.get_json()["rerun_of"]) == ([], None)
    result = again(client, f"/result/{result_id}/")
    after = client.get(f"/result/{result_id}/", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.get_json()["reruns"]) == (200, [result["result_id"]])
    assert "reruns" not in client.get("/result/").get_json()[0]


def test_changes_take_the_place_of_parameters_and_null_removes_one(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.post(f"/task/{task_id}/", json={"times": 2, "command": "a", "env": {"A": "1"}, "timeout": 3})
    result = again(client, "/result/1/", times=3, command="b c", timeout=None)
    assert (result["times"], result["parameters"]) == (3, {"command": ["b", "c"], "env": {"A": "1"}})


def test_chosen_executions_keep_their_indices_and_nothing_of_ours_shows(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 5)
    with app.app_context():
        for position in (1, 3):
            fail(details_of(result_id)[position])
    result = again(client, f"/result/{result_id}/", only=["ERROR"])
    assert (result["times"], result["counts"]["QUEUED"], result["parameters"]) == (2, 2, {})
    assert indices(client, result) == [1, 3]
    assert indices(client, again(client, f"/result/{result['result_id']}/")) == [1, 3]
    assert indices(client, again(client, f"/result/{result['result_id']}/", times=3)) == [0, 1, 2]


def test_one_execution_runs_again_alone(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 3)
    result = again(client, f"/result/{result_id}/detail/2/", env={"A": "2"})
    assert (result["times"], result["rerun_of"], result["parameters"], indices(client, result)) == (1, result_id, {"env": {"A": "2"}}, [1])


def test_it_runs_the_image_that_the_task_has_now(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    with app.app_context():
        task = task_of(1)
        move_task(task, "submit")
        assert client.post(f"/result/{result_id}/", json={"operation": "RERUN"}).status_code == 409
        move_task(task, "import"), move_task(task, "ready", image_id=OTHER_IMAGE)
    assert again(client, f"/result/{result_id}/")["image_id"] == OTHER_IMAGE


def test_where_nothing_is_chosen_nothing_runs(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 2)
    answer = client.post(f"/result/{result_id}/", json={"operation": "RERUN", "only": ["ERROR", "KILLED"]})
    assert (answer.status_code, "ERROR or KILLED" in answer.get_json()["message"]) == (409, True)
    assert len(client.get("/result/").get_json()) == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/result/1/", {"operation": "RERUN", "only": ["ERROR"], "times": 2}, "times"),
        ("/result/1/", {"operation": "RERUN", "only": []}, "only"),
        ("/result/1/", {"operation": "RERUN", "only": ["BAD"]}, "only"),
        ("/result/1/", {"operation": "RERUN", "times": None}, "times"),
        ("/result/1/", {"operation": "KILL", "only": ["ERROR"]}, "only"),
        ("/result/1/", {"operation": "CANCEL", "env": {}}, "env"),
        ("/result/1/detail/1/", {"operation": "RERUN", "times": 2}, "times"),
        ("/result/1/detail/1/", {"operation": "KILL", "timeout": 2}, "timeout"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(app: Flask, client: FlaskClient, path: str, body: object, field: str) -> None:
    submitted(app, 2)
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]["json"]


def test_the_same_key_runs_it_again_once(app: Flask, client: FlaskClient) -> None:
    submitted(app, 2)
    first, second = (client.post("/result/1/", json={"operation": "RERUN"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.json, first.headers["Location"]) == (201, second.json, second.headers["Location"])
    assert len(client.get("/result/").get_json()) == 2


def test_a_hundred_thousand_run_again(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.post(f"/task/{task_id}/", json={"times": 100_000})
    assert again(client, "/result/1/", only=["QUEUED"])["counts"]["QUEUED"] == 100_000


def test_containers_find_the_index_and_the_times_of_what_they_repeat(running: Estivador, busybox_image: str) -> None:
    script = 'echo "$ESTIVADOR_INDEX of $ESTIVADOR_TIMES"; exit $((ESTIVADOR_INDEX % 2))'
    result_id = running.run(running.register(busybox_image), times=4, command=["sh", "-c", script])
    assert running.until_ended(result_id)["counts"]["ERROR"] == 2
    rerun_id = running.post(f"/result/{result_id}/", {"operation": "RERUN", "only": ["ERROR"]})["result_id"]
    assert running.until_ended(rerun_id)["counts"]["ERROR"] == 2
    assert [running.log(detail) for detail in running.details(rerun_id)] == ["1 of 4\n", "3 of 4\n"]
