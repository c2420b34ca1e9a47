"""Which of the icons in app/static/ a browser's tab shows for how it stands."""

from collections.abc import Mapping
from typing import Literal

from app.states import Status

Mark = Literal["idle", "running", "failed", "complete"]


def mark_of(counts: Mapping[Status, int]) -> Mark:
    """Return the mark for these counts: what runs comes first, then what failed."""
    if counts.get(Status.RUNNING):
        return "running"
    if counts.get(Status.ERROR) or counts.get(Status.KILLED):
        return "failed"
    return "complete" if counts.get(Status.COMPLETE) and not counts.get(Status.QUEUED) else "idle"
