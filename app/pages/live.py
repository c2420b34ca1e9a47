"""Live regions: a page includes the same rendered region that its own address returns alone, with an ETag, so that an idle poll is a 304."""

import hashlib
from typing import Any

from flask import Response, make_response, render_template, request
from markupsafe import Markup


def whole(page: str, region: str, etag: str | None = None, /, **context: Any) -> str:
    """Render a page around its live region, and tell the script the region's ETag (default: a digest of it)."""
    live = render_template(region, **context)
    return render_template(page, live=Markup(live), live_etag=etag or digest(live), **context)  # noqa: S704 - rendered with autoescape


def part(region: str, etag: str | None = None, /, **context: Any) -> Response:
    """Render the live region alone; 304 where the browser has it already."""
    live = render_template(region, **context)
    response = make_response(live)
    response.headers["ETag"] = etag or digest(live)
    return unchanged(response.headers["ETag"]) or response


def unchanged(etag: str) -> Response | None:
    """Return the 304 where the browser has the version `etag`, which spares rendering it."""
    if request.if_none_match.contains_weak(etag.removeprefix("W/").strip('"')):
        return Response(status=304, headers={"ETag": etag})
    return None


def digest(text: str) -> str:
    """Return a weak ETag of a text."""
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


def revision(number: int, mark: str = "") -> str:
    """Return the weak ETag of a result's revision, and of the `mark` of what else its region shows."""
    more = f"-{hashlib.sha256(mark.encode()).hexdigest()[:12]}" if mark else ""
    return f'W/"r{number}{more}"'
