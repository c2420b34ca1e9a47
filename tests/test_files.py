from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.files import BadKey, kept_key, write_private


def test_only_its_owner_reads_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, "one\n")
    write_private(path, "two\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two\n", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old\n")
    (tmp_path / "key.part").write_text("ha")
    assert path.read_text() == "old\n"
    write_private(path, "new\n")
    assert path.read_text() == "new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cant_be_written_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    write_private(path, "old\n")

    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new\n")
    assert path.read_text() == "old\n"


def test_a_key_is_made_once_by_whoever_is_first(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: kept_key(path), range(32)))
    assert keys == {path.read_bytes()}
    assert (len(path.read_bytes()), path.stat().st_mode & 0o777) == (32, 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_key_is_none(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"half")
    with pytest.raises(BadKey, match="remove it"):
        kept_key(path)
