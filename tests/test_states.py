import pytest

from app.states import IN_FLIGHT, MOVES, TERMINAL, IllegalMove, Phase, Status, after, result_status


def test_a_terminal_status_is_never_left() -> None:
    for move in MOVES.values():
        for status, _ in move.leaves:
            assert status not in TERMINAL or move.status is None


def test_every_phase_can_be_reached_and_left_but_the_last() -> None:
    reached = {move.phase for move in MOVES.values()}
    left = {phase for move in MOVES.values() for _, phase in move.leaves}
    assert reached == set(Phase)
    assert left == set(Phase) - {Phase.REMOVED}


def test_a_move_that_the_table_does_not_know_is_illegal() -> None:
    with pytest.raises(IllegalMove):
        after("complete", (Status.QUEUED, Phase.WAITING))


def test_only_phases_between_claim_and_record_hold_a_slot() -> None:
    assert {Phase.WAITING, Phase.RECORDED, Phase.REMOVED} == set(Phase) - set(IN_FLIGHT)


@pytest.mark.parametrize(
    ("counts", "started", "status"),
    [
        ({"QUEUED": 3}, False, "QUEUED"),
        ({"QUEUED": 2, "RUNNING": 1}, True, "RUNNING"),
        ({"QUEUED": 2, "COMPLETE": 1}, True, "RUNNING"),
        ({"QUEUED": 2, "CANCELLED": 1}, False, "QUEUED"),
        ({"COMPLETE": 3}, True, "COMPLETE"),
        ({"COMPLETE": 1, "CANCELLED": 1}, True, "CANCELLED"),
        ({"CANCELLED": 1, "KILLED": 1}, True, "KILLED"),
        ({"COMPLETE": 1, "KILLED": 1, "ERROR": 1}, True, "ERROR"),
    ],
)
def test_a_results_status_follows_from_its_counts(counts: dict[str, int], started: bool, status: str) -> None:
    assert result_status({Status(word): number for word, number in counts.items()}, started) == status
