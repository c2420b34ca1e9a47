import pytest

from app.engine.errors import EngineRefused
from app.engine.logs import HEADER, Frame, split


def encoded(*frames: Frame) -> bytes:
    return b"".join(HEADER.pack(stream, len(time) + 1 + len(payload)) + time + b" " + payload for stream, time, payload in frames)


def test_frames_come_out_wherever_the_chunks_are_cut() -> None:
    frames = [Frame(1, b"t1", b"out\n"), Frame(2, b"t2", b"\x00\xff err"), Frame(1, b"t3", b"")]
    data = encoded(*frames)
    for size in range(1, len(data) + 1):
        chunks = [data[start : start + size] for start in range(0, len(data), size)]
        assert list(split(chunks)) == frames


def test_a_frame_that_breaks_off_is_not_shown() -> None:
    assert list(split([encoded(Frame(1, b"t", b"whole\n"), Frame(1, b"t", b"broken"))[:-1]])) == [Frame(1, b"t", b"whole\n")]


def test_what_the_engine_says_of_a_log_that_it_cant_read_on_is_no_line_of_it() -> None:
    words = b"Error grabbing logs: invalid character"
    read = split([encoded(Frame(1, b"t", b"whole\n")), HEADER.pack(3, len(words)) + words[:10], words[10:]])
    assert next(read) == Frame(1, b"t", b"whole\n")
    with pytest.raises(EngineRefused, match=r"^Error grabbing logs: invalid character$"):
        next(read)


def test_another_stream_is_nothing_of_the_engines() -> None:
    with pytest.raises(EngineRefused, match="not as the Engine writes it"):
        list(split([HEADER.pack(4, 0)]))
