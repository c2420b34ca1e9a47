import re

from flask.testing import FlaskClient

from app.pages.endpoints import Endpoint, endpoints_of
from tests.pages.person import Person


def test_every_endpoint_of_the_document_is_listed_with_what_it_does(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    listed = endpoints_of(document)
    assert Endpoint("GET", "/task/", "List the tasks, newest first", "viewer") in listed
    assert len(listed) == sum(method in ("get", "post", "put", "patch", "delete") for path in document["paths"].values() for method in path)
    assert all(endpoint.summary for endpoint in listed)
    assert {(endpoint.method, endpoint.path) for endpoint in listed if not endpoint.role} == {("GET", "/health/")}


def test_the_page_lists_each_with_its_role(person: Person) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", person.get("/ui/api/").text).split())
    assert "DELETE /token/{token_id}/ Revoke a token admin" in page
    assert "GET /health/ Say that this process answers no token" in page
