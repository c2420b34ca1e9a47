"""The combinations of a result's matrix: which one each execution has, and which executions have given values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from app import matrix as matrices
from app.errors import Unfit
from app.jobs.starting import OF_TIMES
from app.models import Detail, Result

SHOWN = 12
"""Names or values that a refusal lists, at most."""


@dataclass(frozen=True)
class Combinations:
    """The matrix of a run ({} where it has none), and the `times` that its indices were counted by."""

    matrix: dict[str, list[str]]
    times: int

    @property
    def each(self) -> int:
        """How many executions there are of each combination."""
        return max(1, self.times // matrices.size(self.matrix))

    def at(self, index: int) -> dict[str, str]:
        """Return the values that the execution at `index` has."""
        return matrices.combination(self.matrix, index, self.times) if self.matrix else {}

    def pairs(self, name: str) -> list[str]:
        """Return all NAME=VALUE pairs of a name, as filters take them."""
        return [f"{name}={value}" for value in self.matrix[name]]

    def has(self, name: str, value: str) -> bool:
        """Whether the matrix has this value under this name."""
        return value in self.matrix.get(name, ())


def of(result: Result) -> Combinations:
    """Return a result's combinations; those of one that runs chosen executions again are the original's."""
    return Combinations(result.parameters.get("matrix") or {}, result.parameters.get(OF_TIMES, result.times))


def differ(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether two runs' parameters give an index different combinations; the order of names and of values counts."""
    return list((before.get("matrix") or {}).items()) != list((after.get("matrix") or {}).items())


def chosen(combinations: Combinations, pairs: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return what NAME=VALUE `pairs` ask of an execution: any of the values given for a name, for each of the names.

    Raises Unfit for a name or a value that the matrix does not have.
    """
    values: dict[str, set[str]] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        _refuse_unknown(combinations, name, value)
        values.setdefault(name, set()).add(value)
    return [index_condition(combinations, name, among) for name, among in values.items()]


def index_condition(combinations: Combinations, name: str, among: set[str]) -> ColumnElement[bool]:
    """Return whether an execution has one of the values `among` under `name`: worked out from its index, by whole-number arithmetic."""
    values, stride = combinations.matrix[name], combinations.each
    for later in list(combinations.matrix)[list(combinations.matrix).index(name) + 1 :]:
        stride *= len(combinations.matrix[later])
    return ((Detail.position // stride) % len(values)).in_([place for place, value in enumerate(values) if value in among])


def _refuse_unknown(combinations: Combinations, name: str, value: str) -> None:
    if not combinations.matrix:
        raise Unfit("The result has no matrix, so its executions can't be told apart by it: leave `matrix` out.")
    if name not in combinations.matrix:
        raise Unfit(f"The result's matrix has no {name!r}: it has {_listed(combinations.matrix)}.")
    if not combinations.has(name, value):
        raise Unfit(f"{value!r} is none of the values of {name!r}: {_listed(combinations.matrix[name])}.")


def _listed(words: Any) -> str:
    words = list(words)
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else "")
