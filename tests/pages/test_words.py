import pytest

from app.pages.words import as_long, counted, duration, executions, percent, size
from app.states import Status


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "\u2013"),
        (-1, "0.0 s"),
        (0, "0.0 s"),
        (0.0001, "1 ms"),
        (0.04, "40 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (0.4, "0.4 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (245, "4 min 05 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (11_520, "3 h 12 min"),
        (86_399, "1 d 0 h"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_has_at_most_two_units_and_never_sixty_of_one(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, "\u2013"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (12_897_484, "12.3 MiB"),
        (1024**2 - 1, "1.0 MiB"),
        (3 * 1024**3, "3.0 GiB"),
        (1024**5, "1,024.0 TiB"),
    ],
)
def test_a_size_is_in_binary_units(number: float | None, words: str) -> None:
    assert size(number) == words


def test_counts_leave_out_what_is_not_there() -> None:
    assert counted({Status.QUEUED: 1, Status.COMPLETE: 12_000, Status.ERROR: 0}) == "12,000 complete, 1 queued"
    assert counted({}) == "none"
    assert (executions(1), executions(2000)) == ("1 execution", "2,000 executions")


@pytest.mark.parametrize(
    ("part", "words"), [(None, "\u2013"), (0, "0 %"), (1, "100 %"), (0.75, "75 %"), (0.3333, "33.3 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.5, "50 %")]
)
def test_a_part_is_all_or_nothing_only_where_it_is(part: float | None, words: str) -> None:
    assert percent(part) == words


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(None, "\u2013"), (1, "as long"), (1.004, "as long"), (1.3, "1.3 \u00d7 as long"), (1.03, "1.03 \u00d7 as long"), (2, "2 \u00d7 as long"), (9.94, "9.9 \u00d7 as long"),
     (100, "100 \u00d7 as long"), (1234.5, "1,234 \u00d7 as long"), (0.5, "0.5 \u00d7 as long"), (0.001, "less than 0.01 \u00d7 as long")],
)  # fmt: skip
def test_a_ratio_is_told_in_words(ratio: float | None, words: str) -> None:
    assert as_long(ratio) == words
