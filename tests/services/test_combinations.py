"""Which executions have given values is worked out from their index, by the database as by app/matrix.py."""

import itertools

import pytest
from flask import Flask
from sqlalchemy import Integer, bindparam, select
from sqlalchemy.dialects import postgresql

from app import matrix as matrices
from app.extensions import db
from app.models import Detail
from app.services import combinations, results
from app.services.combinations import Combinations
from tests.support.stepping import ready_task

MATRICES = [
    {"A": ["1"]},
    {"A": ["1", "2", "3"]},
    {"A": ["1", "2"], "B": ["x"], "C": ["p", "q", "r"]},
    {"A": ["1", "2", "3"], "B": ["x", "y"], "C": ["p", "q"], "D": ["s", "t", "u", "v", "w"]},
]


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("times", [1, 3])
def test_the_database_selects_what_has_the_value(app: Flask, matrix: dict[str, list[str]], times: int) -> None:
    task_id = ready_task(app)
    with app.app_context():
        result = results.submit(task_id, times, {"matrix": matrix})
        plan = combinations.of(result)
        for name, value in ((name, value) for name, values in matrix.items() for value in values):
            wanted = [index for index in range(result.times) if plan.at(index)[name] == value]
            query = select(Detail.position).where(*combinations.chosen(plan, [f"{name}={value}"])).order_by(Detail.position)
            assert list(db.session.execute(query).scalars()) == wanted
            assert len(wanted) == result.times // len(matrix[name])


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_indices_go_through_all_combinations(matrix: dict[str, list[str]]) -> None:
    plan = Combinations(matrix, 2 * matrices.size(matrix))
    wanted = [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values()) for _ in range(2)]
    assert [plan.at(index) for index in range(plan.times)] == wanted
    assert plan.each == 2


def test_the_arithmetic_is_of_whole_numbers_on_postgresql_too() -> None:
    condition = combinations.index_condition(Combinations(MATRICES[2], 12), "A", {"2"})
    said = str(condition.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    assert said == "(detail.position / 6) %% 2 IN (1)"
    assert isinstance((Detail.position // bindparam("stride", 6)).type, Integer), "/ of two whole numbers is one"
