"""The matrix of a run: one combination of values for each group of executions, worked out from an execution's index. Knows no database.

The last name changes fastest; each combination is run `each` times before the next: with {"A": ["x", "y"], "B": ["1", "2"]}, twice each,
the indices 0 and 1 are x 1, 2 and 3 are x 2, 4 and 5 are y 1.
"""

from collections.abc import Mapping, Sequence
from math import prod

Matrix = Mapping[str, Sequence[str]]


def size(matrix: Matrix | None) -> int:
    """Return how many combinations a matrix has; 1 where there is none."""
    return prod(len(values) for values in (matrix or {}).values())


def combination(matrix: Matrix | None, index: int, times: int) -> dict[str, str]:
    """Return the values of the execution at `index` of a run of `times` executions in all, {} where there is no matrix."""
    place = index // max(1, times // size(matrix))
    found: dict[str, str] = {}
    for name, values in reversed(list((matrix or {}).items())):
        place, at = divmod(place, len(values))
        found[name] = values[at]
    return dict(reversed(found.items()))
