"""The supervisor: the one thread of a consumer that follows one Engine.

Each second it looks at the record (deadlines, wishes, free slots), every few seconds at the Engine's list of our containers,
and rings for what differs. It changes no status itself: the jobs it rings for do, by the same path as ever.
A consumer that comes up therefore needs no recovery of its own: its first look is the same as every other.
"""

import logging
import threading
import time
from contextlib import ExitStack
from typing import NamedTuple

import docker
from flask import Flask
from sqlalchemy import select

from app.config import Settings
from app.engine import connection, containers, events
from app.engine.containers import Listed
from app.engine.errors import EngineError, EngineRefused, EngineUnreachable
from app.extensions import db, huey
from app.jobs import context, executions, heartbeat, removal, scheduling, trouble
from app.jobs.doorbell import ring
from app.jobs.ending import want_stop
from app.jobs.images import import_image
from app.jobs.locks import holding
from app.jobs.stopwatch import Stopwatch
from app.models import HOLDS_SLOT, TO_REMOVE, Detail, Engine, Result, Task, is_busy, last_detail_id
from app.states import TERMINAL, Phase, StopCause, TaskStatus

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at the record."""
LIST_EVERY = 5.0
"""Seconds between two looks at the Engine's list: a lost event or message is made good by then."""
QUEUE_FULL = 200
"""Messages in the queue above which nothing is rung for again: the workers are behind, and the rows wait for them."""


class InFlight(NamedTuple):
    """What the supervisor needs to know of an execution that holds a slot."""

    id: int
    attempt: int
    phase: str
    wish: str | None
    stop_cause: str | None
    start: float | None
    timeout: float | None


class Supervisor(threading.Thread):
    """Follows the Engine `engine_id` for as long as the process lives and holds the lock of that Engine."""

    def __init__(self, app: Flask, engine_id: int) -> None:
        super().__init__(name=f"supervisor-{engine_id}", daemon=True)
        self.app = app
        self.settings: Settings = app.extensions["settings"]
        self.engine_id = engine_id
        self.supervising = False
        self.list_now = threading.Event()
        self.listed_at = float("-inf")
        self.running_since = Stopwatch()
        self.warned: set[int] = set()

    def run(self) -> None:
        """Look, wait, look again; one supervisor an Engine acts, and the others wait for its lock."""
        with ExitStack() as lease:
            while not context.stopping.is_set():
                with self.app.app_context():
                    self.look(lease)
                self.list_now.wait(TICK)

    def look(self, lease: ExitStack) -> None:
        """Say that this consumer is alive, and supervise if nobody else does. Whatever goes wrong is logged, and met again next time."""
        try:
            heartbeat.beat()
            if not self.supervising:
                self.supervising = lease.enter_context(holding(f"engine-{self.engine_id}"))
                if self.supervising:
                    threading.Thread(target=self.follow, name=f"events-{self.engine_id}", daemon=True).start()
            if self.supervising:
                self.tick()
        except Exception as error:
            # A record that is busy says all there is to say in one line.
            log.error("the supervisor of engine %s stumbled: %s", self.engine_id, getattr(error, "orig", error), exc_info=not is_busy(error))

    def tick(self) -> None:
        """Look at the record, now and then at the Engine's list, and ring for what is to be done."""
        try:
            rows = self.in_flight()
            self.watch_clocks(rows)
            if self.list_now.is_set() or time.monotonic() - self.listed_at >= LIST_EVERY:
                self.list_now.clear()
                self.listed_at = time.monotonic()
                self.ring_for_deleted()
                self.compare(rows)
                trouble.note(self.engine_id, None)
            if db.session.execute(select(Engine.trouble).where(Engine.id == self.engine_id)).scalar_one() is None:
                self.ring_for_waiting()
        except EngineError as error:
            trouble.note(self.engine_id, f"no answer: {error}")

    def in_flight(self) -> list[InFlight]:
        """Read the executions that hold a slot."""
        columns = (Detail.id, Detail.attempt, Detail.phase, Detail.wish, Detail.stop_cause, Detail.start, Result.parameters["timeout"].as_float())
        query = select(*columns).join(Result, Result.id == Detail.result_id)
        rows = db.session.execute(query.where(Detail.engine_id == self.engine_id, HOLDS_SLOT)).all()
        return [InFlight(*row) for row in rows]

    def watch_clocks(self, rows: list[InFlight]) -> None:
        """Ring for what is to be stopped: because the user wishes so, because its time is up, or because a stop goes on."""
        running = [row for row in rows if row.phase == Phase.STARTED]
        self.running_since.keep_only({(row.id, row.attempt) for row in running})
        for row in running:
            if row.timeout is not None and row.stop_cause is None:
                already = time.time() - row.start if row.start else 0.0
                if self.running_since.elapsed((row.id, row.attempt), already) < row.timeout:
                    continue
                want_stop(row.id, row.attempt, StopCause.TIMEOUT)
            elif row.stop_cause is None and row.wish is None:
                continue
            self.ring_for(row.id)

    def compare(self, rows: list[InFlight]) -> None:
        """Hold the record against the Engine's list, and ring for each execution where the two differ."""
        # Listed after the rows were read: a row's container is in the list, or it is gone. What is read of the record from here on is as
        # it stands after the list: by an older sight of it the next attempt's container would be one that nobody needs.
        db.session.rollback()
        engine = connection.client(self.settings.engine, self.settings.engine_timeout)
        listed = {(item.detail, item.attempt): item for item in containers.list_ours(engine, context.instance_id())}
        running = {key for key, item in listed.items() if item.status in ("running", "paused")}
        for row in rows:
            if row.phase != Phase.STARTED or (row.id, row.attempt) not in running:
                self.ring_for(row.id)
        recorded = select(Detail.id).where(Detail.engine_id == self.engine_id, TO_REMOVE).limit(QUEUE_FULL)
        for detail_id in db.session.execute(recorded).scalars().all():
            self.ring_for(detail_id)
        current = {(row.id, row.attempt) for row in rows}
        self.sweep([item for key, item in listed.items() if key not in current])

    def sweep(self, strays: list[Listed]) -> None:
        """Remove containers of attempts that are over, and of executions that were deleted; warn of what runs or was never ours, and touch it not."""
        engine = connection.client(self.settings.engine, self.settings.engine_timeout)
        for item in strays:
            row = db.session.execute(select(Detail.status, Detail.phase, Detail.attempt).where(Detail.id == item.detail)).first()
            is_over = item.status in ("created", "exited", "dead")
            if row is None and is_over and item.detail <= last_detail_id():
                self.remove(engine, item)
            elif row is None:
                if item.detail not in self.warned:
                    log.warning("container %s carries this instance's label, but execution %s is not in the record", item.id[:12], item.detail)
                    self.warned.add(item.detail)
            elif is_over and (row.attempt != item.attempt or (row.status in TERMINAL and row.phase == Phase.REMOVED)):
                self.remove(engine, item)

    def remove(self, engine: docker.APIClient, item: Listed) -> None:
        """Remove one container; that the Engine can't is this container's trouble, and no other's."""
        try:
            containers.remove(engine, item.id)
        except EngineRefused as error:
            log.warning("container %s could not be removed yet: %s", item.id[:12], error.text)

    def ring_for_waiting(self) -> None:
        """Ring for executions that wait while slots are free, and for images that wait to be imported."""
        if len(huey) > QUEUE_FULL:
            return
        free = scheduling.free_slots(self.engine_id)
        if free > 0 and scheduling.has_waiting(self.engine_id):
            for _ in range(min(free, 8)):
                ring(executions.launch, self.engine_id)
        for task_id in db.session.execute(select(Task.id).where(Task.status.in_((TaskStatus.SUBMITTED, TaskStatus.IMPORTING)))).scalars().all():
            ring(import_image, task_id)

    def ring_for_deleted(self) -> None:
        """Ring for what stands deleted, should the message be lost; the Engine has no part in that."""
        if len(huey) <= QUEUE_FULL and removal.is_due():
            ring(removal.remove_results)

    def ring_for(self, detail_id: int) -> None:
        """Ring for one execution, unless the workers are far behind."""
        if len(huey) <= QUEUE_FULL:
            ring(executions.advance, detail_id)

    def follow(self) -> None:
        """Follow the Engine's events: ring for each container that ends; after a break, look at the list at once."""
        while not context.stopping.is_set():
            with self.app.app_context():
                try:
                    engine = connection.connect(self.settings.engine, self.settings.engine_timeout)
                    self.list_now.set()
                    for detail_id in events.ended(engine, context.instance_id()):
                        ring(executions.advance, detail_id)
                except EngineUnreachable as error:
                    log.info("no events from the Engine: %s", error)
                except Exception:
                    log.exception("following the Engine's events stumbled")
            context.stopping.wait(TICK)
