"""Query parameters of pages: filters that a person writes in the address or a form.

A list leaves nonsense out, and is never an error page. What operates on all that a filter selects refuses it: it would select too much.
"""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import request

from app.actions import Action, Kind, Outcome, Via
from app.errors import Unfit
from app.pages.words import control_free
from app.services.combinations import Combinations
from app.states import Reason, Status, TaskStatus

PAGE_SIZE = 20
DETAILS = 100
"""Rows a page of executions has."""
LONGEST_TEXT = 255
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Asked:
    """Which page of which rows: `filters` as the listing services take them, `typed` as the form shows them."""

    page: int = 1
    filters: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)


def paging() -> Asked:
    """Read the page alone."""
    return Asked(_page())


def tasks() -> Asked:
    """Read the filters of the tasks."""
    return _asked(_statuses([*TaskStatus]), {"text": _text("text"), "label": _labels()})


def results() -> Asked:
    """Read the filters of the results: `from` and `to` as a date, a time, epoch seconds, or a span back from now such as 24h."""
    times = {"from_": moment(request.args.get("from", "")), "to": moment(request.args.get("to", ""))}
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    task = request.args.get("task_id", "")
    more = {"label": _labels(), "image_id": _text("image_id")}
    filters = {**times, **more, "text": _text("text"), "task_id": int(task) if task.isascii() and task.isdigit() and len(task) < 16 else None}
    asked = _asked(_statuses([*Status]), filters)
    return Asked(asked.page, asked.filters, {**asked.typed, **typed})


def selected() -> Asked:
    """Read the same for what operates on all that they select; raise Unfit for one that is not understood."""
    asked = results()
    for name, is_understood in {
        "status": set(_given("status")) <= {*Status},
        "task_id": not _given("task_id") or "task_id" in asked.filters,
        "from": not _given("from") or "from_" in asked.filters,
        "to": not _given("to") or "to" in asked.filters,
        "text": all(len(text) <= LONGEST_TEXT for text in _given("text")),
        "label": len(asked.filters.get("label", ())) == len(_given("label")),
        "image_id": all(len(text) <= LONGEST_TEXT for text in _given("image_id")),
    }.items():
        if not is_understood:
            raise Unfit(_NOT_UNDERSTOOD.format(name, ", ".join(_given(name))[:50]))
    return asked


_NOT_UNDERSTOOD = "The filter `{}` is not understood ({}), so nothing was selected: go back to the results, and write it anew or leave it out."


def in_words(asked: Asked) -> str:
    """Say which results the filters of selected() select; all of them where there is none."""
    words = {"text": "text “{}”", "task_id": "task {}", "from_": "submitted from {}", "to": "submitted to {}", "image_id": "image {}"}
    typed = {**asked.filters, "from_": asked.typed.get("from"), "to": asked.typed.get("to")}
    said = [words[name].format(typed[name]) for name in words if name in asked.filters]
    said += [f"label {label}" for label in asked.filters.get("label", ())]
    if statuses := asked.filters.get("status"):
        said.insert(0, f"status {' or '.join(statuses)}")
    return control_free(f"Those with {', '.join(said)}.") if said else "No filter is set: all results are meant."


def details(combinations: Combinations) -> Asked:
    """Read the filters of a result's executions: `status`, `reason`, `exit_code`, and NAME=VALUE pairs of its matrix."""
    reasons = [word for word in Reason if word in request.args.getlist("reason")]
    code = request.args.get("exit_code", "").strip()
    pairs = [pair for pair in request.args.getlist("matrix") if combinations.has(*pair.partition("=")[::2])]
    exit_code = int(code) if re.fullmatch(r"-?[0-9]{1,9}", code, re.ASCII) else None
    return _asked(_statuses([*Status]), {"reason": reasons or None, "exit_code": exit_code, "matrix": pairs or None})


def audit() -> Asked:
    """Read the filters of the audit; the times as those of the results."""
    times = {"from_": moment(request.args.get("from", "")), "to": moment(request.args.get("to", ""))}
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    texts = {name: _text(name) for name in ("name", "token_id", "object_id")}
    words = {name: _words(name, known) or None for name, known in {"action": Action, "outcome": Outcome, "via": Via}.items()}
    asked = _asked([], {**times, **texts, **words, "kind": next(iter(_words("kind", Kind)), None)})
    return Asked(asked.page, asked.filters, {**asked.typed, **typed})


def moment(text: str) -> float | None:
    """Return epoch seconds of what a person writes; None for nothing or nonsense. A date or time without a zone is UTC."""
    text = text.strip()
    if span := _SPAN.fullmatch(text):
        return time.time() - int(span[1]) * _UNITS[span[2]]
    if re.fullmatch(r"[0-9]{9,11}(\.[0-9]+)?", text):
        return float(text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _asked(statuses: list[str], filters: dict[str, Any]) -> Asked:
    kept = {name: value for name, value in filters.items() if value not in (None, "")}
    if statuses:
        kept["status"] = statuses
    return Asked(_page(), kept, kept)


def _page() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _statuses(known: list[Any]) -> list[str]:
    return _words("status", known)


def _words(name: str, known: Iterable[str]) -> list[str]:
    """Return those of the known words that are written for a filter."""
    return [str(word) for word in known if word in request.args.getlist(name)]


def _given(name: str) -> list[str]:
    """Return what is written for a filter, as often as it is there; an empty field asks for nothing."""
    return [text for typed in request.args.getlist(name) if (text := typed.strip())]


def _labels() -> list[str] | None:
    return [text for text in _given("label") if not text.startswith("=")] or None


def _text(name: str) -> str:
    return request.args.get(name, "").strip()[:LONGEST_TEXT]
