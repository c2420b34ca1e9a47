"""What a user asks of retention: what is kept, what is stored, what goes next, what housekeeping did; and to tidy now."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.actions import Action, Kind
from app.config import MIB, Keep
from app.errors import WrongState
from app.extensions import db
from app.jobs import context, removal, retention
from app.jobs.doorbell import ring
from app.jobs.housekeeping import tidy as tidy_job
from app.jobs.tidying import DID_SOMETHING
from app.models import WITH_DELETED, Image, Result, Tidying, note, write

RUNS = 20
"""Runs of housekeeping that are shown, of those that did something."""


@dataclass(frozen=True)
class Stored:
    """What there is: results and their executions, the bytes that logs take on the disk, images in the Engine's store that we pulled.

    The logs of `unmeasured` results, which are live or have ended lately, are not counted in. `leaving` are deleted results whose rows and
    logs a job is still to remove.
    """

    results: int
    executions: int
    logs_bytes: int
    unmeasured: int
    images: int
    leaving: int


@dataclass(frozen=True)
class Due:
    """What is above the limits now: results, the logs of so many other results, images. `count` is all of it."""

    results: int
    executions: int
    logs: int
    logs_bytes: int
    images: int

    @property
    def count(self) -> int:
        """How many things would go."""
        return self.results + self.logs + self.images


@dataclass(frozen=True)
class Retention:
    """All there is to say; `sentences` are the settings in words. `tidied_at` (epoch seconds) is when housekeeping ran last, None if never."""

    keep: Keep
    sentences: list[str]
    stored: Stored
    due: Due
    tidied_at: float | None
    runs: Sequence[Tidying]


def look() -> Retention:
    """Look at retention."""
    keep = context.settings().keep
    tidied_at = db.session.execute(select(func.max(Tidying.at))).scalar()
    runs = db.session.execute(select(Tidying).where(DID_SOMETHING).order_by(Tidying.id.desc()).limit(RUNS)).scalars().all()
    return Retention(keep, sentences(keep), stored(), due(), tidied_at, runs)


def tidy(expect: int) -> Due:
    """Ask for the housekeeping to be done now, and return what is due.

    Raises WrongState, and asks for nothing, where what is due is not `expect` things.
    """
    found = due()
    if found.count != expect:
        raise WrongState(f"{found.count} things are due now, not {expect}: look again, and send {found.count} as `expect` if you mean them.")
    with write():
        note(Action.RETENTION_TIDY, Kind.RETENTION, about=f"{found.count} due")
        ring(tidy_job)
    return found


def stored() -> Stored:
    """Count what is stored."""
    sums = (func.count(), func.coalesce(func.sum(Result.times), 0), func.coalesce(func.sum(Result.logs_size), 0), func.count(Result.logs_size))
    results, executions, logs_bytes, measured = db.session.execute(select(*sums).select_from(Result)).one()
    images = select(func.count(Image.image_id.distinct())).where(Image.pulled, Image.removed_at.is_(None))
    leaving = select(func.count()).select_from(Result).where(Result.deleted_at.is_not(None)).execution_options(**WITH_DELETED)
    counts = [db.session.execute(query).scalar_one() for query in (images, leaving)]
    return Stored(results, executions, int(logs_bytes or 0), results - measured, *counts)


def due() -> Due:
    """Count what housekeeping would remove now. What live results have written meanwhile may make it more logs."""
    keep, now = context.settings().keep, time.time()
    sums = select(func.count(), func.coalesce(func.sum(Result.times), 0)).where(retention.due_results(keep, now), *removal.DELETABLE)
    results, executions = db.session.execute(sums).one()
    rows = retention.due_logs(keep, now).order_by(None).subquery()
    logs, logs_bytes = db.session.execute(select(func.count(), func.coalesce(func.sum(rows.c.logs_size), 0)).select_from(rows)).one()
    return Due(results, executions, logs, logs_bytes, len(retention.due_images(keep, now)))


def sentences(keep: Keep) -> list[str]:
    """Say in words what is kept."""
    return [
        _sentence("Results that have ended", [_days(keep.results_days, "their end"), keep.results is not None and f"the newest {keep.results:,} in all"]),
        _sentence("Their logs", [_days(keep.logs_days, "the end of the result"), keep.logs_size is not None and f"the newest {_size(keep.logs_size)} in all"]),
        _sentence(
            "Images that Estivador pulled and no task has now",
            [_days(keep.images_days, "their import"), keep.images is not None and f"the newest {keep.images:,} of each task"],
        ),
        "What is live, and what it needs, is never removed.",
    ]


def _sentence(what: str, limits: list[str | bool]) -> str:
    given = [limit for limit in limits if isinstance(limit, str)]
    return f"{what} are kept: {', and '.join(given)}." if given else f"{what} are kept for ever."


def _days(days: int | None, since: str) -> str | bool:
    return days is not None and f"for {days:,} {'day' if days == 1 else 'days'} after {since}"


def _size(number: int) -> str:
    return f"{number / MIB:,.10g} MiB" if number < 1024 * MIB else f"{number / MIB / 1024:,.10g} GiB"
