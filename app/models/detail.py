"""A detail: one execution of a result."""

from typing import NamedTuple

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, literal_column, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.models.base import Model
from app.models.result import Result
from app.states import IN_FLIGHT, LIVE, Phase, State, Status


class Standing(NamedTuple):
    """Where an execution stands as somebody saw it."""

    state: State
    attempt: int


class Detail(Model):
    """One execution: its status and phase, what the user wishes of it, its container, and how that ended.

    `start` and `end` are the Engine's own, epoch seconds. `stop_cause` is set before the first signal is sent and
    `stop_reached` once the Engine says that a running container received it. Everything from `container_id` on is of the current
    `attempt`; earlier ones are in rows of their own. `not_before` (epoch seconds) is when a next attempt is due that waits.
    `peak_memory` (bytes) and `cpu_seconds` are sampled while it runs. `last_line` is the end of a failed one's log, and `ending` the
    same without what differs from one to the next.
    """

    __tablename__ = "detail"
    __table_args__ = (
        Index("detail_of_result", "result_id", "position"),
        Index("detail_by_status", "result_id", "status", "position"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"))
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    engine_id: Mapped[int] = mapped_column(ForeignKey("engine.id"))
    position: Mapped[int] = mapped_column()
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED)
    phase: Mapped[str] = mapped_column(String(16), default=Phase.WAITING)
    attempt: Mapped[int] = mapped_column(default=1)
    wish: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    message: Mapped[str | None] = mapped_column(String(1024))
    exit_code: Mapped[int | None] = mapped_column()
    oom_killed: Mapped[bool | None] = mapped_column()
    container_id: Mapped[str | None] = mapped_column(String(64))
    image_id: Mapped[str] = mapped_column(String(80))
    submitted_at: Mapped[float] = mapped_column(Float)
    start: Mapped[float | None] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)
    stop_cause: Mapped[str | None] = mapped_column(String(16))
    stop_sent_at: Mapped[float | None] = mapped_column(Float)
    stop_reached: Mapped[bool | None] = mapped_column()
    log_truncated: Mapped[bool | None] = mapped_column()
    logs_incomplete: Mapped[bool | None] = mapped_column()
    not_before: Mapped[float | None] = mapped_column(Float)
    peak_memory: Mapped[int | None] = mapped_column(BigInteger)
    cpu_seconds: Mapped[float | None] = mapped_column(Float)
    last_line: Mapped[str | None] = mapped_column(String(255))
    ending: Mapped[str | None] = mapped_column(String(255))
    # Of the result: read where it is asked for.
    logs_removed_at: Mapped[float | None] = column_property(
        select(Result.logs_removed_at).where(Result.id == result_id).correlate_except(Result).label("logs_removed_at"), deferred=True
    )

    @property
    def state(self) -> State:
        """Status and phase together, as the state room speaks of them."""
        return (Status(self.status), Phase(self.phase))

    @property
    def standing(self) -> Standing:
        """State and attempt: what a change of it compares before it sets."""
        return Standing(self.state, self.attempt)

    @property
    def is_live(self) -> bool:
        """Whether this execution has not ended."""
        return self.status in LIVE

    @property
    def log_key(self) -> tuple[int, int, int]:
        """What names the stored log of the current attempt: result, detail, attempt."""
        return (self.result_id, self.id, self.attempt)


# Written out, not bound: the partial indexes serve only queries that carry their condition word for word.
WAITS = Detail.phase == literal_column(f"'{Phase.WAITING}'")
HOLDS_SLOT = Detail.phase.in_([literal_column(f"'{phase}'") for phase in IN_FLIGHT])
TO_REMOVE = Detail.phase == literal_column(f"'{Phase.RECORDED}'")

# By result, so that the next of each is found at once, however many of it wait for a time that has not come.
Index(
    "detail_waiting", Detail.engine_id, Detail.result_id, Detail.not_before, Detail.position, sqlite_where=WAITS, postgresql_where=WAITS
)  # fmt: skip
for _name, _condition in (("detail_in_flight", HOLDS_SLOT), ("detail_to_remove", TO_REMOVE)):
    Index(_name, Detail.engine_id, Detail.id, sqlite_where=_condition, postgresql_where=_condition)
