from flask.testing import FlaskClient

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
