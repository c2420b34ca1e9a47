import json
from pathlib import Path

import pytest

from app.engine.logs import Frame
from app.logstore import GAP, LogStore

KEY = (1, 2, 1)


def lines(number: int) -> list[Frame]:
    return [Frame(1, b"t", b"%06d\n" % count) for count in range(number)]


def test_a_log_below_the_cap_is_kept_as_it_was(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 1000)
    frames = [Frame(1, b"t", b"\x00\xff\n"), Frame(2, b"u", b"err")]
    assert not store.save(KEY, frames).cut
    assert list(store.load(KEY) or ()) == frames


def test_a_log_above_the_cap_keeps_both_ends_and_says_what_is_missing(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 70)
    stored = store.save(KEY, lines(100))
    assert (stored.cut, stored.bytes) == (True, 700)
    kept = list(store.load(KEY) or ())
    gap = next(frame for frame in kept if frame.stream == GAP)
    assert json.loads(gap.payload) == {"bytes": 630, "lines": 90}
    text = b"".join(frame.payload for frame in kept if frame.stream != GAP)
    assert text == b"".join(b"%06d\n" % count for count in [*range(5), *range(95, 100)])


def test_one_long_line_is_cut_inside(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 10)
    store.save(KEY, [Frame(1, b"t", b"0123456789" * 10)])
    kept = [frame.payload for frame in store.load(KEY) or () if frame.stream != GAP]
    assert kept == [b"01234", b"56789"]


def test_a_log_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield Frame(1, b"t", b"x")
        raise OSError("gone")

    store = LogStore(tmp_path, 10)
    with pytest.raises(OSError, match="gone"):
        store.save(KEY, broken())
    assert store.load(KEY) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
