"""Executions: carrying one as far as it will go without waiting. Which one is next is decided in scheduling.

There is one way through: advance() looks at the phase that is committed and takes the next step from there, whoever calls
it: the launch that claimed it, the supervisor that saw its container end, or a consumer that came up after a crash.
"""

import logging
from collections.abc import Callable

from app.engine.errors import EngineFull, EngineUnreachable
from app.extensions import db
from app.jobs import context, ending, scheduling, starting, trouble
from app.jobs.doorbell import job
from app.jobs.failpoints import reach
from app.jobs.locks import holding
from app.models import Detail, move
from app.states import IN_FLIGHT, Phase

log = logging.getLogger(__name__)

STEPS: dict[Phase, Callable[[Detail], bool]] = {
    Phase.CLAIMED: starting.create,
    Phase.CREATED: starting.start,
    Phase.START_SENT: starting.find_out,
    Phase.STARTED: ending.watch,
    Phase.EXITED: ending.record,
    Phase.RECORDED: ending.remove,
}
"""What to do next in each phase; a step says whether it got further. WAITING and REMOVED have none."""


@job(priority=5)
def launch(engine_id: int) -> None:
    """Start waiting executions while the Engine has free slots."""
    fill(engine_id)


def fill(engine_id: int) -> None:
    """Claim and carry one execution after another until no slot is free, nothing waits, or the Engine does not answer."""
    while not context.stopping.is_set() and (detail_id := scheduling.claim(engine_id)) is not None:
        reach("claimed")
        if not carry(detail_id):
            return


@job(priority=10)
def advance(detail_id: int) -> None:
    """Carry one execution on; when that frees its slot, start the next."""
    detail = db.session.get(Detail, detail_id)
    if detail is None:
        return
    engine_id, held_slot = detail.engine_id, detail.phase in IN_FLIGHT
    if carry(detail_id) and held_slot and detail.phase not in IN_FLIGHT:
        fill(engine_id)


def carry(detail_id: int) -> bool:
    """Take step after step until one has to wait. False where the Engine does not answer: then more of it would be in vain."""
    with holding(f"detail-{detail_id}") as mine:
        detail = db.session.get(Detail, detail_id, populate_existing=True) if mine else None
        if detail is None:
            return True
        try:
            while (step := STEPS.get(Phase(detail.phase))) is not None and step(detail):
                pass
        except EngineUnreachable as error:
            log.warning("execution %s stays %s, because of the Engine: %s", detail_id, detail.phase, error)
            if detail.phase == Phase.CLAIMED:
                # Its name is the same next time: should the create have happened after all, that container is taken up.
                move(detail, "release")
            if isinstance(error, EngineFull):
                # It answers all else, so nobody but who wanted room of it knows.
                trouble.note(detail.engine_id, str(error))
            return False
    return True
