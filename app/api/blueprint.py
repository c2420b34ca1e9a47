"""What our blueprints share: how a body is read, how lists are paged, how the document tells which role is needed."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import flask_smorest
from flask import request
from webargs import missing
from webargs.flaskparser import FlaskParser, abort

from app.api import document
from app.schemas.filters import PAGING

View = TypeVar("View", bound=Callable[..., Any])


class BodyParser(FlaskParser):
    """Reads JSON bodies: none at all is an empty one, and one that is not said to be JSON is refused."""

    def load_json(self, req: Any, schema: Any) -> Any:
        """Return the parsed body, or `missing` where there is none; answers 415 where the content type is not JSON, 400 or 422 for what can't be kept."""
        if not req.get_data(cache=True):
            return missing
        if not req.is_json:
            abort(415, message="Send the body as JSON, and say so: Content-Type: application/json")
        try:
            body = super().load_json(req, schema)
        except (ValueError, RecursionError):
            abort(400, message="The body is JSON that nests too deeply, or has a number with too many digits.")
        parts = body.items() if isinstance(body, dict) else [("_schema", body)]
        # What half of a surrogate pair is in, neither the record nor an Engine can be given.
        if unwritable := [name for name, value in parts if body is not missing and not _is_writable([name, value])]:
            abort(422, messages={"json": {name: ["Must be text that can be written as UTF-8."] for name in unwritable}})
        return body


def _is_writable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint with our body parser, 20 rows a page, a Link header beside X-Pagination, and the role of each operation in its document."""

    ARGUMENTS_PARSER = BodyParser()
    DEFAULT_PAGINATION_PARAMETERS = {"page": 1, "page_size": 20, "max_page_size": 100}

    def refuses(self, *codes: int) -> Callable[[View], View]:
        """Document what a view refuses by itself."""

        def decorate(view: View) -> View:
            for code in codes:
                view = self.alt_response(code, response=document.name_of(code))(view)
            return view

        return decorate

    def _document_pagination_metadata(self, spec: Any, resp_doc: Any) -> None:
        resp_doc.setdefault("headers", {}).update({name: document.HEADERS[name] for name in ("X-Pagination", "Link")})

    def _set_pagination_metadata(self, page_params: Any, result: Any, headers: Any) -> Any:
        result, headers = super()._set_pagination_metadata(page_params, result, headers)
        headers["Link"] = links(json.loads(headers[self.PAGINATION_HEADER_NAME]), page_params.page_size)
        return result, headers

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method, found in self._docs[endpoint].items():
            role = getattr(getattr(obj, method, obj), "needs", None)
            if role is not None:
                found.setdefault("manual_doc", {})["x-role"] = role.value
                words = found["docstring"].get("description", "")
                found["docstring"]["description"] = f"{words}\n\nNeeds the role {role}.".lstrip()


def links(metadata: dict[str, int], page_size: int) -> str:
    """Return the Link header (RFC 8288) of a page: first, prev, next and last, as far as they are, with the filters kept."""
    pages = {"first": 1, "prev": metadata.get("previous_page"), "next": metadata.get("next_page"), "last": metadata.get("last_page", 1)}
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in PAGING]
    parts = []
    for relation, page in pages.items():
        if page is not None:
            query = urlencode([*kept, ("page", page), ("page_size", page_size)])
            parts.append(f'<{request.path}?{query}>; rel="{relation}"')
    return ", ".join(parts)
