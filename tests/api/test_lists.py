import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stepping import ready_task, submitted


def names(client: FlaskClient, query: str) -> list[str]:
    return [task["name"] for task in client.get(f"/task/?{query}").get_json()]


def test_lists_are_newest_first_and_paged(client: FlaskClient) -> None:
    for number in range(25):
        client.post("/task/", json={"repository": f"tool{number}"})
    answer = client.get("/task/?page=2&page_size=10")
    assert [task["id"] for task in answer.get_json()] == list(range(15, 5, -1))
    paging = json.loads(answer.headers["X-Pagination"])
    assert (paging["total"], paging["total_pages"], paging["previous_page"], paging["next_page"]) == (25, 3, 1, 3)
    links = answer.headers["Link"]
    for relation, page in (("first", 1), ("prev", 1), ("next", 3), ("last", 3)):
        assert f'</task/?page={page}&page_size=10>; rel="{relation}"' in links
    assert len(client.get("/task/").get_json()) == 20


def test_filters_let_through_what_they_name(app: Flask, client: FlaskClient) -> None:
    ready_task(app, "one")
    client.post("/task/", json={"repository": "two"})
    assert names(client, "status=READY") == ["one"]
    assert names(client, "status=READY&status=SUBMITTED") == ["two", "one"]
    assert names(client, "name=two") == ["two"]
    assert names(client, "repository=none") == []


def test_links_keep_the_filters(app: Flask, client: FlaskClient) -> None:
    submitted(app, 3)
    assert "status=QUEUED&page=2&page_size=1" in client.get("/result/1/detail/?status=QUEUED&page_size=1").headers["Link"]


@pytest.mark.parametrize("query", ["page_size=101", "page=0", "page=x", "status=MAYBE", "statsu=READY"])
def test_a_query_that_does_not_fit_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/task/?{query}").status_code == 422


def test_details_are_filtered_by_status_index_and_exit_code(app: Flask, client: FlaskClient) -> None:
    result_id = submitted(app, 3)
    client.post(f"/result/{result_id}/detail/2/", json={"operation": "CANCEL"})
    assert [row["index"] for row in client.get(f"/result/{result_id}/detail/?status=QUEUED").get_json()] == [0, 2]
    assert [row["index"] for row in client.get(f"/result/{result_id}/detail/?index=1&reason=cancelled").get_json()] == [1]
    assert client.get(f"/result/{result_id}/detail/?exit_code=0").get_json() == []


def test_results_are_filtered_by_task(app: Flask, client: FlaskClient) -> None:
    submitted(app, 1), submitted(app, 2)
    assert [row["result_id"] for row in client.get("/result/?task_id=1").get_json()] == [1]
    assert [row["result_id"] for row in client.get("/result/").get_json()] == [2, 1]
