"""The rows, move(): the only writer of a status, note() and note_each(): the writers of the audit."""

from app.models.attempt import Attempt
from app.models.audit import Audit
from app.models.deleted import WITH_DELETED
from app.models.detail import HOLDS_SLOT, TO_REMOVE, WAITS, Detail
from app.models.history import History
from app.models.idempotency import IdempotencyKey
from app.models.image import Image
from app.models.issued import last_detail_id
from app.models.label import ResultLabel
from app.models.moves import OF_ATTEMPT, abandon, move, move_task, retry, withdraw_next, withdraw_waiting, withdraw_waiting_of
from app.models.noted import ITSELF, Actor, actor, note, note_each, row_of
from app.models.place import Consumer, Engine, Instance
from app.models.result import Result
from app.models.session import Session
from app.models.task import Task
from app.models.tidying import Tidying
from app.models.token import Token
from app.models.transaction import after_commit, commit_part, is_busy, write, write_aside

__all__ = [
    "HOLDS_SLOT",
    "ITSELF",
    "OF_ATTEMPT",
    "TO_REMOVE",
    "WAITS",
    "WITH_DELETED",
    "Actor",
    "Attempt",
    "Audit",
    "Consumer",
    "Detail",
    "Engine",
    "History",
    "IdempotencyKey",
    "Image",
    "Instance",
    "Result",
    "ResultLabel",
    "Session",
    "Task",
    "Tidying",
    "Token",
    "abandon",
    "actor",
    "after_commit",
    "commit_part",
    "is_busy",
    "last_detail_id",
    "move",
    "move_task",
    "note",
    "note_each",
    "retry",
    "row_of",
    "withdraw_next",
    "withdraw_waiting",
    "withdraw_waiting_of",
    "write",
    "write_aside",
]
