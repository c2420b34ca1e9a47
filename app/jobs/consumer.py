"""What a consumer process does beside running jobs: it starts supervisor and sampler when it comes up, and gives up long jobs when it ends."""

import threading

from app.extensions import huey
from app.jobs import context
from app.jobs.sampler import Sampler
from app.jobs.supervisor import Supervisor

LOCAL_ENGINE = 1
"""The id of the one Engine there is."""

_once = threading.Lock()
_supervisors: list[Supervisor] = []


@huey.on_startup()
def supervise() -> None:
    """Start supervisor and sampler. Huey calls this in every worker; the first does it."""
    with _once:
        if not _supervisors:
            _supervisors.append(Supervisor(huey.app, LOCAL_ENGINE))
            _supervisors[0].start()
            Sampler(huey.app, LOCAL_ENGINE, lambda: _supervisors[0].supervising).start()


@huey.on_shutdown()
def stop_long_jobs() -> None:
    """Say that this consumer ends. Containers go on; the next consumer adopts them."""
    context.stopping.set()
