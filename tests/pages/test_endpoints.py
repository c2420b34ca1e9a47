from flask.testing import FlaskClient

from app.pages.endpoints import Endpoint, endpoints_of


def test_every_endpoint_of_the_document_is_listed_with_what_it_does(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    listed = endpoints_of(document)
    assert Endpoint("GET", "/task/", "List the tasks, newest first") in listed
    assert len(listed) == sum(method in ("get", "post", "put", "patch", "delete") for path in document["paths"].values() for method in path)
    assert all(endpoint.summary for endpoint in listed)
