"""The sampler: a thread of a consumer that looks every few seconds at what executions use, and keeps the most that it saw.

It changes no status and no revision, and writes once a round. An execution that ends before its first look has no figures.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import docker
from flask import Flask
from sqlalchemy import bindparam, case, select, update

from app.config import Settings
from app.engine import connection, stats
from app.engine.errors import EngineUnreachable
from app.engine.stats import Usage
from app.extensions import db
from app.jobs import context
from app.models import HOLDS_SLOT, Detail, write
from app.states import Phase

log = logging.getLogger(__name__)

YOUNGEST = 3.0
"""Seconds that an execution has run before it is looked at: of what is over in a moment nobody asks what it took."""
AT_ONCE = 7
"""Calls at a time. Each waits up to a second for the Engine's clock, and costs it some 5 ms of CPU: with these, all that eight slots hold take one second."""
SHARE = 5
"""At most one part in so many of the time goes into looking: where there is much to look at, it is looked at less often."""
CALL_TIMEOUT = 10.0
"""Seconds after which a call is given up, and the round with it."""


class Running(NamedTuple):
    """An execution to look at."""

    id: int
    attempt: int
    container_id: str | None


class Sampler(threading.Thread):
    """Looks at the executions on the Engine `engine_id` while this consumer supervises it."""

    def __init__(self, app: Flask, engine_id: int, is_supervising: Callable[[], bool]) -> None:
        super().__init__(name=f"sampler-{engine_id}", daemon=True)
        self.app = app
        self.settings: Settings = app.extensions["settings"]
        self.engine_id = engine_id
        self.is_supervising = is_supervising
        self.engines: list[docker.APIClient] = []

    def run(self) -> None:
        """Look, wait, look again. Whatever goes wrong is logged, and met again next time."""
        every = self.settings.sample_every
        pause = every
        while every and not context.stopping.wait(pause):
            begun = time.monotonic()
            try:
                if self.is_supervising():
                    self.look()
            except EngineUnreachable as error:
                log.info("nothing is sampled: %s", error)
            except Exception:
                log.exception("sampling the executions of engine %s stumbled", self.engine_id)
            took = time.monotonic() - begun
            pause = max(every, SHARE * took) - took
        self.close()

    def close(self) -> None:
        """Close the connections."""
        while self.engines:
            self.engines.pop().close()

    def look(self) -> None:
        """Look at each running execution once, and keep what is more than was seen before."""
        # No read transaction is open while the Engine is asked: SQLite can't shorten its log past one.
        with self.app.app_context():
            rows = self.running()
        used = self.ask(rows)
        if used:
            with self.app.app_context():
                keep([(row, used[row.id]) for row in rows if row.id in used])

    def running(self) -> Sequence[Running]:
        """Read which executions have run for a while; those not looked at yet come first."""
        old_enough = Detail.start <= time.time() - YOUNGEST
        query = select(Detail.id, Detail.attempt, Detail.container_id).where(Detail.engine_id == self.engine_id, HOLDS_SLOT, old_enough)
        query = query.where(Detail.phase == Phase.STARTED, Detail.container_id.is_not(None)).order_by(Detail.cpu_seconds.is_not(None), Detail.id)
        return [Running(*row) for row in db.session.execute(query)]

    def ask(self, rows: Sequence[Running]) -> dict[int, Usage]:
        """Ask the Engine for all of them, a few at a time; what it does not answer for is left out."""
        waiting, used = deque(rows), dict[int, Usage]()
        asking = [
            threading.Thread(target=self.work_off, args=(self.engine(place), waiting, used), name=f"sampler-{self.engine_id}-{place}", daemon=True)
            for place in range(min(AT_ONCE, len(rows)))
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        return used

    def engine(self, place: int) -> docker.APIClient:
        """Return a client for one of the threads, the same each time: making one costs the Engine more than what it is asked here."""
        if place == len(self.engines):
            self.engines.append(connection.connect(self.settings.engine, min(CALL_TIMEOUT, self.settings.engine_timeout)))
        return self.engines[place]

    def work_off(self, engine: docker.APIClient, waiting: deque[Running], used: dict[int, Usage]) -> None:
        """Ask for one after the other until none waits."""
        while not context.stopping.is_set():
            try:
                row = waiting.popleft()
            except IndexError:
                return
            try:
                usage = stats.read(engine, row.container_id or "")
            except EngineUnreachable as error:
                log.info("nothing more is sampled this time: %s", error)
                waiting.clear()
                return
            except Exception:
                log.exception("execution %s could not be sampled", row.id)
                continue
            if usage is not None:
                used[row.id] = usage


def keep(seen: Sequence[tuple[Running, Usage]]) -> None:
    """Write what is more than the record has, in one transaction; of what is recorded by now nothing changes."""
    columns = Detail.__table__.c
    more = {
        column: case((column.is_(None) | (column < bindparam(name)), bindparam(name)), else_=column)
        for column, name in ((columns.peak_memory, "memory"), (columns.cpu_seconds, "seconds"))
    }
    still = (columns.id == bindparam("row"), columns.attempt == bindparam("number"), HOLDS_SLOT)
    values = [{"row": row.id, "number": row.attempt, "memory": usage.memory, "seconds": usage.cpu_seconds} for row, usage in seen]
    with write() as session:
        # On the connection: the session would take the lists for rows of its own.
        session.connection().execute(update(Detail.__table__).where(*still).values(more), values)  # type: ignore[arg-type]
