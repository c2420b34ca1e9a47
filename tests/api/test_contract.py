"""What the OpenAPI document says is so: each operation, in pieces of a size that a test may take, and operations one after the other."""

from typing import Any

import pytest
from flask import Flask

from tests.support import fuzzing
from tests.support.contract import Contract

ON, OFF = {"enabled": True}, {"enabled": False}
SEED = 1
AREAS = ["task", "result", "detail", "log", "statistics", "export", "engine", "retention", "token", "audit", "health"]


def phases(examples: int, *, stateful: bool = False) -> dict[str, Any]:
    some = {"enabled": True, "generation": {"max-examples": examples}}
    return {
        "examples": OFF if stateful else ON,
        "coverage": OFF if stateful else ON,
        "fuzzing": OFF if stateful else some,
        "stateful": some if stateful else OFF,
    }


@pytest.fixture
def contract(app: Flask) -> Contract:
    return Contract(app)


def seed() -> int | None:
    return None if fuzzing.is_long() else SEED


@pytest.mark.timeout(0 if fuzzing.is_long() else 600)
@pytest.mark.parametrize("area", AREAS)
def test_each_operation_takes_and_answers_what_the_document_says(contract: Contract, area: str) -> None:
    findings = contract.findings(phases(2000 if fuzzing.is_long() else 5), seed(), tag=area)
    assert not findings, "\n".join(findings)


@pytest.mark.timeout(0 if fuzzing.is_long() else 600)
def test_what_one_operation_makes_or_removes_is_there_or_gone_for_the_next(contract: Contract) -> None:
    findings = contract.findings(phases(2000 if fuzzing.is_long() else 10, stateful=True), seed())
    assert not findings, "\n".join(findings)


def test_no_area_is_left_out(contract: Contract) -> None:
    assert set(contract.areas()) == {*AREAS}
