"""Headers of every answer: what a browser may do with it."""

from flask import Flask, Response, request

from app.door import PAGES, public

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'"
A_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Give each answer its headers; static files need no session, and those named with their digest are kept for a year."""
    app.view_functions["static"] = public(app.view_functions["static"])
    app.after_request(_add)


def policy(**more: str) -> str:
    """Return the Content-Security-Policy, with `more` sources for some directives (their dashes as underscores)."""
    added = {name.replace("_", "-"): source for name, source in more.items()}
    return "; ".join(f"{name} {source} {added[name]}" if name in added else f"{name} {source}" for name, source in POLICY.items())


def _add(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    is_a_file_of_ours = request.endpoint == "static" and request.method in ("GET", "HEAD") and response.status_code < 400
    if response.status_code != 304 and not is_a_file_of_ours:
        response.headers.setdefault("Content-Security-Policy", policy() if response.mimetype == "text/html" else POLICY_OF_DATA)
    if PAGES in request.blueprints:
        response.headers.setdefault("Cache-Control", "private, no-cache")
    elif request.endpoint == "static" and "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response
