import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.conditional import FORMAT
from tests.support.stepping import submitted


@pytest.mark.parametrize("path", ["/task/", "/task/1/", "/result/", "/result/1/", "/result/1/detail/", "/result/1/detail/1/", "/health/", "/openapi.json"])
def test_what_did_not_change_is_not_sent_again(app: Flask, client: FlaskClient, path: str) -> None:
    submitted(app, 1)
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)


def test_a_change_changes_the_etag(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    for path in (f"/result/{result_id}/", f"/result/{result_id}/detail/", "/result/"):
        etag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    before = client.get(f"/result/{result_id}/").headers["ETag"]
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    answer = client.get(f"/result/{result_id}/", headers={"If-None-Match": before})
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{FORMAT}.{answer.get_json()["revision"]}"')


def test_what_a_client_kept_from_an_older_release_is_sent_anew(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    revision = client.get(f"/result/{result_id}/").get_json()["revision"]
    for path, etag in (("", f"{revision}"), ("statistics/", f"{revision}"), ("detail.csv", f"{revision}-csv")):
        answer = client.get(f"/result/{result_id}/{path}", headers={"If-None-Match": f'"{etag}"'})
        assert (answer.status_code, f".{revision}" in answer.headers["ETag"]) == (200, True), path


def test_the_log_of_an_ended_execution_has_one_too(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 1)
    client.post(f"/result/{result_id}/", json={"operation": "CANCEL"})
    etag = client.get("/result/1/detail/1/log/").headers["ETag"]
    assert client.get("/result/1/detail/1/log/", headers={"If-None-Match": etag}).status_code == 304
