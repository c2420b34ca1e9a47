import re

from flask import Flask
from flask.testing import FlaskClient

from app.door import is_public, role_of

PATHS = {
    "/task/",
    "/task/{task_id}/",
    "/result/",
    "/result/{result_id}/",
    "/result/{result_id}/detail/",
    "/result/{result_id}/detail/{detail_id}/",
    "/result/{result_id}/detail.csv",
    "/result/{result_id}/detail.ndjson",
    "/engine/",
    "/token/",
    "/token/{token_id}/",
    "/audit/",
    "/audit.ndjson",
}


def test_the_document_is_openapi_3_1_and_names_every_path(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"].keys() >= PATHS


def test_every_endpoint_says_what_it_does(client: FlaskClient) -> None:
    for path, item in client.get("/openapi.json").get_json()["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "delete"}:
            assert item[method]["summary"], (method, path)
            assert item[method]["description"], (method, path)


def test_every_operation_says_which_role_it_needs(app: Flask, client: FlaskClient) -> None:
    rules = app.url_map.bind("localhost")
    for path, item in client.get("/openapi.json").get_json()["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "delete"}:
            endpoint, _ = rules.match(re.sub(r"{\w+}", "1", path), method=method.upper())
            role = role_of(app, endpoint, method.upper())
            assert is_public(app, endpoint) == (role is None)
            assert item[method].get("x-role") == role, (method, path)
            assert (f"Needs the role {role}." in item[method]["description"]) == (role is not None), (method, path)
