"""The API against its own OpenAPI document, by schemathesis: every operation is asked for what the document allows, and for what it does not.

No consumer runs, so what is submitted stays in the queue, and no Engine is asked for an image.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.transport.wsgi import WSGITransport

from app.extensions import limiter
from tests.support.filled import fill

METHODS = ("get", "post", "put", "patch", "delete")
FOLDED = {"task_id": 4, "result_id": 4, "other_id": 4, "detail_id": 11}
"""How many there are of what a path names: a number that is drawn becomes one of theirs, or 0."""

UNSAID = (
    r"Idempotency-Key came before",
    r"is not allowed on this instance",  # which networks are, the settings say
    r"has no network",  # with profile strict
    r"is in (env|the environment) too",
    r"registry_username and registry_password go together",  # both null, or neither
    r"secret_env has null for .* there is none",
    r"repository has at most 255 characters",
    r"Must be from [0-9a-z]+ to ",  # a size that is text
    r"Takes \d+ bytes|executions in all",
    r"more than once",  # 1 and "1" are the same text
    r"at most 2147483647",
    r"printable characters",  # Unicode has more that can't be printed than a pattern can tell of
    r"has no matrix|is no variable of the matrix",  # which the result has
)
"""What JSON Schema can't say of a request that is refused all the same: how its parts go together, and with what is there."""


class Contract:
    """The document of an application whose record is filled, and the application, which has that record again before each change of it."""

    def __init__(self, app: Flask) -> None:
        fill(app)
        self.app = app
        self.token = (Path(app.instance_path) / "admin-token").read_text().strip()
        self.record = Path(app.instance_path) / "estivador.db"
        self.filled = sqlite3.connect(":memory:", check_same_thread=False)
        self.number = count()
        self.in_order = False
        with sqlite3.connect(self.record) as connection:
            connection.backup(self.filled)
            self.tokens = [row[0] for row in connection.execute("SELECT id FROM token")]

    @property
    def headers(self) -> dict[str, str]:
        """What each request has. Schemathesis does not decode what is compressed."""
        return {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}

    def areas(self) -> list[str]:
        """The tags of the document's operations."""
        document = self.app.test_client().get("/openapi.json", headers=self.headers).get_json()
        return [tag for item in document["paths"].values() for method in METHODS if method in item for tag in item[method]["tags"]]

    def findings(self, phases: dict[str, Any], seed: int | None, **only: Any) -> list[str]:
        """Ask in these phases, of these operations (of all where none is named), and tell of all that does not hold."""
        self.in_order = phases["stateful"]["enabled"]
        generation = {"deterministic": seed is not None, "database": "none", "no-shrink": True}
        settings = {"headers": self.headers, "phases": phases, "generation": generation, "continue-on-failure": True, "cache": {"enabled": False}}
        config = SchemathesisConfig.from_dict({**settings, **({} if seed is None else {"seed": seed})})
        schema = schemathesis.openapi.from_wsgi("/openapi.json", self.app, config=config, headers=self.headers)
        with self._sending():
            return list(dict.fromkeys(finding for event in from_schema(schema.include(**only) if only else schema).execute() for finding in self._of(event)))

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Prepare each request, and the probes that repeat it without its token; those pass settings of sockets, which an application here has none of."""
        send = WSGITransport.send

        def prepared(transport: WSGITransport, case: Case, **kwargs: Any) -> Response:
            self._prepare(case)
            of_sockets = () if kwargs.get("session") else ("max_redirects", "verify", "cert", "proxies")
            return send(transport, case, **{name: value for name, value in kwargs.items() if name not in of_sockets})

        with patch.object(WSGITransport, "send", prepared):
            yield

    def _prepare(self, case: Case) -> None:
        """Name what is there in a path, and put the record back that the last change was made to; not where one request follows from another."""
        limiter.reset()
        key = (case.headers or {}).get("Idempotency-Key", "")
        if 0 < len(key) <= 255:
            case.headers["Idempotency-Key"] = f"key {next(self.number)}"
        if not self.in_order:
            self._name_what_is_there(case)
            if case.method.upper() != "GET":
                with sqlite3.connect(self.record) as connection:
                    self.filled.backup(connection)
        if case.query and (case.path_parameters or {}).get("result_id") not in (1, 2):
            case.query.pop("follow", None)  # nobody ends what lives

    def _name_what_is_there(self, case: Case) -> None:
        case.path_parameters = {name: self._folded(name, value) for name, value in (case.path_parameters or {}).items()}
        if case.query and isinstance(attempt := case.query.get("attempt"), int):
            case.query["attempt"] = attempt % 3 if attempt > 2 else attempt

    def _folded(self, name: str, value: Any) -> Any:
        """Return one of those that there are, or none; what is too large for any stays."""
        if name == "token_id" and isinstance(value, str) and len(value) % 3:
            return self.tokens[len(value) % len(self.tokens)]
        most = FOLDED.get(name)
        return (value + 1) % (most + 1) if most and isinstance(value, int) and 0 <= value < 2**31 else value

    def _of(self, event: events.EngineEvent) -> Iterator[str]:
        if isinstance(event, events.NonFatalError):
            yield f"{event.label}: {event.info.format()}"
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                interaction = event.recorder.interactions.get(case_id)
                for check in checks:
                    if check.failure_info and not (check.name == "positive_data_acceptance" and _is_unsaid(interaction.response if interaction else None)):
                        yield self._told(check, interaction.response if interaction else None)

    def _told(self, check: Any, response: Response | None) -> str:
        failure, sample = check.failure_info.failure, check.failure_info.code_sample.replace(self.token, "TOKEN")
        answer = f"{response.status_code} {response.content[:400]!r}" if response else "no answer"
        return f"{check.name}: {failure.operation}: {failure.title}\n  {failure.message[:600]}\n  {sample[:2000]}\n  -> {answer}"


def _is_unsaid(response: Response | None) -> bool:
    return response is not None and any(re.search(words, response.text) for words in UNSAID)
