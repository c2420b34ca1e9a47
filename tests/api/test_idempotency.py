import hashlib
import threading

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models import IdempotencyKey
from tests.support.stepping import ready_task

KEY = {"Idempotency-Key": "once"}


def test_the_same_key_and_body_give_the_first_answer_again(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    first = client.post(f"/task/{task_id}/", json={"times": 3}, headers=KEY)
    again = client.post(f"/task/{task_id}/", json={"times": 3}, headers=KEY)
    assert (again.status_code, again.json, again.headers["Location"]) == (first.status_code, first.json, first.headers["Location"])
    assert len(client.get("/result/").get_json()) == 1


def test_the_same_key_with_another_body_is_422(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    client.post(f"/task/{task_id}/", json={"times": 3}, headers=KEY)
    assert client.post(f"/task/{task_id}/", json={"times": 4}, headers=KEY).status_code == 422


def test_an_error_is_not_kept(app: Flask, client: FlaskClient) -> None:
    client.post("/task/", json={"repository": "a"})
    assert client.post("/task/1/", headers=KEY).status_code == 409
    task_id = ready_task(app)
    assert client.post(f"/task/{task_id}/", headers=KEY).status_code == 201


def test_every_post_takes_a_key(client: FlaskClient) -> None:
    first = client.post("/task/", json={"repository": "a"}, headers=KEY)
    assert client.post("/task/", json={"repository": "a"}, headers=KEY).json == first.json


def test_many_at_once_make_one_result(app: Flask, client: FlaskClient) -> None:
    task_id = ready_task(app)
    answers: list[object] = []

    def post() -> None:
        browser = app.test_client()
        browser.environ_base.update(client.environ_base)
        answers.append(browser.post(f"/task/{task_id}/", json={"times": 50}, headers=KEY).json)

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"result_id": 1}] * 6
    assert len(client.get("/result/").get_json()) == 1


def test_a_key_that_is_too_long_is_refused(client: FlaskClient) -> None:
    assert client.post("/task/", json={"repository": "a"}, headers={"Idempotency-Key": "k" * 256}).status_code == 422


def test_what_is_kept_of_a_request_lets_nobody_try_words_on_it(app: Flask, client: FlaskClient) -> None:
    path, body = f"/task/{ready_task(app)}/", b'{"secret_env": {"PIN": "1234"}}'
    other = client.post("/token/", json={"name": "other"}).get_json()["token"]
    for headers in (KEY, {**KEY, "Authorization": f"Bearer {other}"}):
        assert client.post(path, data=body, content_type="application/json", headers=headers).status_code == 201
    with app.app_context():
        mine, others = db.session.execute(select(IdempotencyKey.request_digest)).scalars().all()
    assert mine != others, "who holds one token can't try words on what another one asked for"
    guessed = {hashlib.sha256(b"\0".join((b"POST", full.encode(), body))).hexdigest() for full in (path, f"{path}?")}
    assert not guessed & {mine, others}
