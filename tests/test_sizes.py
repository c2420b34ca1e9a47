import pytest

from app.sizes import in_bytes, short

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), ("7b", 7), ("1k", 1024), ("1kb", 1024), ("1KiB", 1024), ("512m", 512 * MIB), ("1.5 GB", 1536 * MIB), (" 2T ", 2 * 1024**4), (9, 9)],
)
def test_a_size_is_read_as_docker_reads_it(text: str | int, number: int) -> None:
    assert in_bytes(text) == number


@pytest.mark.parametrize("text", ["", "m", "-1m", "1x", "1e3", "1..5m", ".5m", "1 m b", "1iB", "\u0661", "1_0", "9" * 19, -1, 10**40])
def test_what_is_no_size_is_refused(text: str | int) -> None:
    with pytest.raises(ValueError, match="is no size"):
        in_bytes(text)


@pytest.mark.parametrize("number", [0, 1, 1023, 1024, 1536, MIB, 1536 * MIB, 5 * 1024**3, 5 * 1024**5, MIB + 1])
def test_a_short_size_says_the_same(number: int) -> None:
    assert in_bytes(short(number)) == number
    assert len(short(number)) <= len(f"{number}b")
