"""From a claimed execution to a running container. Each step is committed before the next, and nothing is started twice."""

import logging
import re
from typing import Any

from app.engine import connection, containers, images
from app.engine.containers import ContainerSpec, ContainerState, Labels
from app.engine.errors import EngineFull, EngineRefused, EngineUnreachable, NotFound, out_of_space
from app.errors import SecretsClosed
from app.extensions import db
from app.jobs import context, disclosed
from app.jobs.failing import cancel, fail
from app.jobs.failpoints import reach
from app.jobs.limits import limits_of, networks
from app.jobs.stopwatch import Stopwatch
from app.matrix import combination
from app.models import Detail, Result, move
from app.states import Reason

log = logging.getLogger(__name__)

GRACE = 3.0
"""Seconds that the Engine must answer "created", again and again, before a start whose outcome is unknown is sent once more."""
LOG_FILE_FACTOR = 4
"""The Engine keeps this many times the log cap of a container's output, so that the cap, not the Engine, decides what is kept."""

OF_TIMES = "of_times"
"""Key in the parameters of a result that runs chosen executions of another again: the `times` they were of, which they find as ESTIVADOR_TIMES."""

SECRETS_UNREADABLE = (
    "Its secret variables can't be decrypted: put the file secret-keys back into the instance folder from the backup, then run again what failed."
)

_created_since = Stopwatch()


def create(detail: Detail) -> bool:
    """CLAIMED: create the container; CANCELLED where the user wishes so by now; ERROR where the Engine refuses."""
    if detail.wish:
        return cancel(detail)
    if (network := limits_of(_parameters(detail), context.settings()).network) not in networks(context.settings()):
        return fail(detail, Reason.ENGINE_ERROR, f"The network {network} is not allowed on this instance any more: ESTIVADOR_NETWORKS lists those that are.")
    try:
        container_id = containers.create(context.engine_client(), specification(detail))
    except SecretsClosed as error:
        log.warning("execution %s: its secret variables can't be decrypted: %s", detail.id, error.message)
        return fail(detail, Reason.SECRETS_UNREADABLE, SECRETS_UNREADABLE)
    except NotFound as error:
        return fail_create(detail, error)
    except EngineRefused as error:
        pause_if_full(error.text)
        log.warning("execution %s: the Engine refused to create its container: %s", detail.id, error.text)
        return fail(detail, Reason.ENGINE_ERROR, f"The Engine refused to create the container: {plain(error.text)}")
    moved = move(detail, "create", container_id=container_id)
    reach("created")
    return moved


def _parameters(detail: Detail) -> dict[str, Any]:
    return db.session.get_one(Result, detail.result_id).parameters


def specification(detail: Detail) -> ContainerSpec:
    """Put together what the container of this attempt is made from."""
    result = db.session.get_one(Result, detail.result_id)
    asked = result.parameters
    return ContainerSpec(
        labels=Labels(context.instance_id(), detail.task_id, detail.result_id, detail.id, detail.attempt),
        image_id=detail.image_id,
        command=asked.get("command"),
        entrypoint=asked.get("entrypoint"),
        environment=environment(detail, result),
        workdir=asked.get("workdir"),
        user=asked.get("user"),
        own_labels=asked.get("labels", {}),
        limits=limits_of(asked, context.settings()),
        log_size=LOG_FILE_FACTOR * context.settings().log_cap,
    )


def environment(detail: Detail, result: Result) -> dict[str, str]:
    """Put together all variables of an attempt."""
    return {**disclosed.environment(result), **open_environment(detail, result)}


def open_environment(detail: Detail, result: Result) -> dict[str, str]:
    """Put together the variables that are no secret: the request's, over them its combination of the matrix, over all our own."""
    of_times = result.parameters.get(OF_TIMES, result.times)
    own = {
        "TASK_ID": detail.task_id,
        "RESULT_ID": detail.result_id,
        "DETAIL_ID": detail.id,
        "INDEX": detail.position,
        "TIMES": of_times,
        "ATTEMPT": detail.attempt,
    }
    chosen = combination(result.parameters.get("matrix"), detail.position, of_times)
    return {**result.parameters.get("env", {}), **chosen, **{f"ESTIVADOR_{name}": str(value) for name, value in own.items()}}


def fail_create(detail: Detail, error: NotFound) -> bool:
    """Tell an image that is gone from anything else the Engine did not find."""
    if images.find(context.engine_client(), detail.image_id) is None:
        message = "The image is not in the Engine's store any more: import the task again, then run again what failed."
        return fail(detail, Reason.IMAGE_MISSING, message)
    return fail(detail, Reason.ENGINE_ERROR, f"The Engine could not create the container: {plain(error.text)}")


def start(detail: Detail) -> bool:
    """CREATED: commit that a start is on its way, then send it, and look what came of it."""
    if detail.wish:
        return cancel(detail)
    if not move(detail, "send_start"):
        return False
    reach("start_sent")
    return send_start(detail)


def send_start(detail: Detail) -> bool:
    """Send the start. Whatever the answer, the container's state decides."""
    engine, container_id = context.engine_client(), _container(detail)
    refusal = ""
    try:
        containers.start(engine, container_id)
    except NotFound:
        log.info("execution %s: its container was gone when it was to start", detail.id)
    except EngineRefused as error:
        refusal = error.text
    state = look(detail)
    if state is None:
        return True
    if state.status == "created":
        return start_refused(detail, state, refusal)
    return started(detail, state)


def find_out(detail: Detail) -> bool:
    """START_SENT, and whoever sent it is gone: whether it started is for the Engine to say.

    Where the Engine keeps answering "created" for a while, no start is under way in it (an inspection waits for one), and it is
    sent once more.
    """
    state = look(detail)
    if state is None:
        return True
    if state.start_failed and not out_of_space(state.error):
        return start_refused(detail, state, state.error)
    if state.status != "created":
        return started(detail, state)
    key = (detail.id, detail.attempt)
    if detail.wish:
        _created_since.forget(key)
        return cancel(detail)
    if _created_since.elapsed(key) < GRACE:
        return False
    _created_since.forget(key)
    return send_start(detail)


def started(detail: Detail, state: ContainerState) -> bool:
    """The container runs, or ran: take the Engine's own time of the start."""
    _created_since.forget((detail.id, detail.attempt))
    moved = move(detail, "start", start=state.start)
    reach("started")
    return moved


def look(detail: Detail) -> ContainerState | None:
    """Inspect the execution's container. Where it is gone, record that and return None."""
    try:
        return containers.inspect(context.engine_client(), _container(detail))
    except NotFound:
        message = "Its container is gone: somebody removed it, or the Engine lost it. How it ended is not known."
        fail(detail, Reason.LOST, message, logs_incomplete=True)
        return None


def start_refused(detail: Detail, state: ContainerState, text: str) -> bool:
    """The Engine could not start it. Its own trouble (it is on its way down) is no verdict on the execution, so ask again first."""
    if (trouble := connection.answers(context.settings().engine)) is not None:
        raise EngineUnreachable(trouble)
    pause_if_full(text or state.error)
    log.warning("execution %s: the Engine could not start it: %s", detail.id, text or state.error)
    reason, message = _start_failure(state, text or state.error)
    return fail(detail, reason, message, exit_code=state.exit_code or None)


def _start_failure(state: ContainerState, text: str) -> tuple[Reason, str]:
    if state.exit_code == 127:
        return Reason.COMMAND_NOT_FOUND, f"The command does not exist in the image: {plain(text)}"
    if state.exit_code == 126:
        return Reason.COMMAND_NOT_EXECUTABLE, f"The command can't be executed: {plain(text)}"
    return Reason.ENGINE_ERROR, f"The Engine could not start the container: {plain(text)}"


def pause_if_full(text: str) -> None:
    """A full disk under the Engine is its trouble, not the execution's: nothing is launched until there is room again."""
    if out_of_space(text):
        raise EngineFull(text)


def plain(text: str) -> str:
    """Return the telling end of the Engine's words: without the wrapping of its layers, on one line, of bounded length."""
    line = " ".join(text.split())
    line = re.sub(r"^.*(?=exec: )", "", line)
    line = re.sub(r"(: unknown)+$", "", line)
    return line[:500] or "it gave no reason."


def _container(detail: Detail) -> str:
    if detail.container_id is None:
        raise ValueError(f"execution {detail.id} in phase {detail.phase} has no container")
    return detail.container_id
