"""What the templates use beyond Jinja: words for times and statuses, icons, addresses of static files that change with their content."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from app.door import is_signed_in, may
from app.pages import charts, parameters
from app.pages.words import as_long, control_free, duration, number, percent, size
from app.services import waiting
from app.services.statistics import Recent
from app.states import LIVE, Status, TaskStatus

ICONS = {
    Status.QUEUED: "hourglass",
    Status.RUNNING: "play",
    Status.COMPLETE: "circle-check",
    Status.ERROR: "octagon-x",
    Status.CANCELLED: "circle-slash",
    Status.KILLED: "circle-stop",
    TaskStatus.SUBMITTED: "hourglass",
    TaskStatus.IMPORTING: "loader",
    TaskStatus.READY: "circle-check",
}


def register(app: Flask) -> None:
    """Make them known to all templates."""
    app.jinja_env.filters.update(duration=duration, size=size, iso=iso, utc=utc, number=number, short_id=short_id, plain=control_free)
    app.jinja_env.filters.update(percent=percent, as_long=as_long)
    app.jinja_env.globals.update(
        may=may, static_url=static_url, icon_of=ICONS.get, Status=Status, LIVE=LIVE, with_query=with_query, statuses=list(Status),
        draw_bar=draw_bar, draw_bars=draw_bars, draw_grid=charts.grid, draw_histogram=charts.histogram, draw_timeline=charts.timeline,
        RUN_FIELDS=parameters.FIELDS, label_of=parameters.label, choices_of=parameters.choices, facts_of=parameters.facts, limits_of=parameters.limits,
        wait_of=waiting.of_detail,
    )  # fmt: skip
    app.context_processor(lambda: {"signed_in": is_signed_in()})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def iso(seconds: float) -> str:
    """Return epoch seconds as an ISO 8601 time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(seconds: float) -> str:
    """Return epoch seconds as a person reads them, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def short_id(text: str | None) -> str:
    """Return the first 12 digits of a container's or an image's id."""
    return (text or "").removeprefix("sha256:")[:12]


def static_url(name: str) -> str:
    """Return the address of a static file with a digest of its content, so that a browser keeps it until it changes."""
    return url_for("static", filename=name, v=_digest(Path(current_app.static_folder or "") / name))


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def with_query(**changes: Any) -> str:
    """Return this page's query with some parameters changed; None removes one. Begins with `?`."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    for name, value in changes.items():
        kept += [(name, item) for item in (value if isinstance(value, list) else [value]) if item is not None]
    return f"?{urlencode(kept)}"


def draw_bar(row: Any, name: str) -> Markup:
    """Draw the progress bar of a result."""
    counts = {status: getattr(row, status.lower()) for status in Status}
    return charts.bar(counts, row.times, f"Executions of result {row.id}", name)


def draw_bars(recent: Recent, name: str) -> Markup:
    """Draw a task's last results; each bar leads to its result."""
    return charts.bars(recent, lambda result_id: url_for("ui.results.show", result_id=result_id), name)
