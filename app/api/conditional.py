"""ETag and 304: an answer that did not change is not sent again."""

import hashlib

from flask import Flask, Response, request

FORMAT = 2
"""Raise it when an answer whose ETag is a revision gets other fields: a client that kept the one before is to see them."""


def register(app: Flask) -> None:
    """Give each answer to a GET an ETag, and answer 304 where the client has it."""
    app.after_request(_condition)


def not_modified(etag: str) -> bool:
    """Whether the client has the version `etag` already: then what it takes to render it is spared."""
    return request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(etag)


def of_revision(revision: int, *more: str) -> str:
    """Return the ETag of an answer that follows from a result's revision."""
    return "-".join((f"{FORMAT}.{revision}", *more))


def _condition(response: Response) -> Response:
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or response.is_streamed:
        return response
    if "ETag" not in response.headers:
        paging = response.headers.get("X-Pagination", "")
        response.set_etag(hashlib.sha256(paging.encode() + response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response
