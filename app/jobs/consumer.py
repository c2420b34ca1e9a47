"""What a consumer process does beside running jobs: it takes up its Engine, starts supervisor and sampler, and gives up long jobs when it ends."""

import logging
import threading

from sqlalchemy import or_, update
from sqlalchemy.exc import OperationalError

from app.config import Settings
from app.extensions import huey
from app.jobs import context
from app.jobs.sampler import Sampler
from app.jobs.supervisor import Supervisor
from app.models import Engine, write

log = logging.getLogger(__name__)

LOCAL_ENGINE = 1
"""The id of the one Engine there is."""

_once = threading.Lock()
_supervisors: list[Supervisor] = []


@huey.on_startup()
def supervise() -> None:
    """Take up the Engine, and start supervisor and sampler. Huey calls this in every worker; the first does it."""
    with _once:
        if not _supervisors:
            with huey.app.app_context():
                take_up_engine(huey.app.extensions["settings"])
            _supervisors.append(Supervisor(huey.app, LOCAL_ENGINE))
            _supervisors[0].start()
            Sampler(huey.app, LOCAL_ENGINE, lambda: _supervisors[0].supervising).start()


def take_up_engine(settings: Settings) -> None:
    """Let the record know by which address this consumer reaches its Engine, and how many executions it may hold."""
    differs = or_(Engine.address != settings.engine.url, Engine.slots != settings.slots)
    change = update(Engine).where(Engine.id == LOCAL_ENGINE, differs).values(address=settings.engine.url, slots=settings.slots)
    try:
        with write() as session:
            session.execute(change)
    except OperationalError as error:
        log.warning("the record still has the Engine's slots and address of before, because of %s: restart the consumer", error.orig)


@huey.on_shutdown()
def stop_long_jobs() -> None:
    """Say that this consumer ends. Containers go on; the next consumer adopts them."""
    context.stopping.set()
