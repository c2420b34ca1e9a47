"""The Engine's log comes out the same wherever it is cut, and what is no log ends the reading."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import EngineRefused
from app.engine.logs import HEADER, LONGEST, Frame, split
from tests.engine.test_log_frames import encoded

FRAMES = st.lists(
    st.builds(Frame, st.sampled_from([1, 2]), st.binary(max_size=30).map(lambda time: time.replace(b" ", b"")), st.binary(max_size=300)), max_size=10
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut the data at these places, which may be the same or out of it: then pieces are empty."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(places)]


def outcome(chunks: list[bytes]) -> tuple[list[Frame], bool]:
    """Return the frames, and whether the reading ended in a refusal."""
    frames: list[Frame] = []
    try:
        frames.extend(split(chunks))
    except EngineRefused:
        return frames, True
    return frames, False


@given(FRAMES, st.lists(st.integers(0, 4000), max_size=20), st.integers(0, 400))
def test_frames_come_out_whole_wherever_they_are_cut(frames: list[Frame], cuts: list[int], lost: int) -> None:
    data = encoded(*frames)
    assert outcome(pieces(data, cuts)) == (frames, False)
    whole, refused = outcome(pieces(data[: len(data) - min(lost, len(data))], cuts))
    assert whole == frames[: len(whole)]
    assert not refused


@given(FRAMES, st.binary(max_size=500), st.lists(st.integers(0, 4000), max_size=20))
def test_garbage_is_read_the_same_wherever_it_is_cut(frames: list[Frame], garbage: bytes, cuts: list[int]) -> None:
    data = encoded(*frames) + garbage
    found, refused = outcome([data])
    assert found[: len(frames)] == frames
    assert outcome(pieces(data, cuts)) == (found, refused)


@given(st.sampled_from([1, 2]), st.integers(LONGEST + 1, 2**32 - 1))
def test_a_frame_longer_than_any_is_not_waited_for(stream: int, length: int) -> None:
    def chunks() -> Iterator[bytes]:
        yield HEADER.pack(stream, length)
        pytest.fail("more was read")

    with pytest.raises(EngineRefused):
        list(split(chunks()))
