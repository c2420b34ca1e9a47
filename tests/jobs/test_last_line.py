"""The last line of a log, and what of it is the same in all executions that ended alike."""

from pathlib import Path

import pytest

from app.engine.logs import Frame
from app.jobs.lastline import LONGEST, TAIL, alike, last_line, shown
from app.logstore import GAP, LogStore
from tests.support.estivador import Estivador

KEY = (1, 2, 1)
BEFORE = b"2026-01-31T09:59:59.4Z"
AT = b"2026-01-31T10:00:00.000000001Z"


def out(payload: bytes, stream: int = 1) -> Frame:
    return Frame(stream, AT, payload)


@pytest.mark.parametrize(
    ("frames", "line"),
    [
        ([], None),
        ([out(b"\n"), out(b" \t\n"), out(b"\x1b[0m\n")], None),
        ([out(b"first\n"), out(b"last\n"), out(b"\n")], "last"),
        ([out(b"out\n"), out(b"no cargo\n", 2)], "no cargo"),
        ([out(b"no end of line")], "no end of line"),
        ([out(b"a long line in ", 2), out(b"working\n"), out(b"two pieces\n", 2)], "a long line in two pieces"),
        ([Frame(2, BEFORE, b"warning\n"), out(b"later\n")], "later"),
        ([out(b"no cargo\n", 2), out(b"begin\n")], "no cargo"),
        ([out(b"a long line that "), out(b"warning\n", 2)], "warning"),
        ([out(b"before "), Frame(GAP, AT, b'{"bytes": 7}'), out(b"after the cut\n")], "after the cut"),
        ([out(b"10 %\r20 %\r30 %\r\n")], "30 %"),
    ],
)
def test_the_last_line_that_shows_something(frames: list[Frame], line: str | None) -> None:
    assert last_line(frames) == line


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"\x1b[1;31mError:\x1b[0m no\tcargo  left\n", "Error: no cargo left"),
        (b"\x1b]8;;http://example.com\x07link\x1b]8;;\x07", "link"),
        (b"a\0b\x07c\x1b", "abc"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        ("right\u202eto\u2066left".encode(), "righttoleft"),
        (b"x" * 300, "x" * 254 + "…"),
    ],
)
def test_nothing_that_speaks_to_a_terminal_is_kept(line: bytes, text: str) -> None:
    assert shown(line) == text
    assert len(shown(line)) <= LONGEST


@pytest.mark.parametrize(
    ("lines", "ending"),
    [
        (("worker 3 of 20 failed", "worker 17 of 20 failed"), "worker # of # failed"),
        (("took 1.25 s, -3 left", "took 0.5e-3 s, 12 left"), "took # s, # left"),
        (("2026-01-31T10:00:00.123Z lost", "2026-02-01 11:12:13,9 lost", "2026-02-01 11:12:13 +0100 lost"), "# lost"),
        (("Jan 31 10:00:00 host died", "Feb 1 11:00:01 host died"), "# host died"),
        (("Sat, 31 Jan 2026 10:00:00 GMT: late", "Sun, 1 Feb 2026 10:00:00 GMT: late"), "#: late"),
        (("no object 550e8400-e29b-41d4-a716-446655440000", "no object 123e4567-e89b-12d3-a456-426614174000"), "no object #"),
        (("container 1f2e3d4c5b6a gone", "container abcdef123456 gone"), "container # gone"),
        (("<Cargo object at 0x7f3a5c>", "<Cargo object at 0xdeadbeef>"), "<Cargo object at #>"),
        (("can't open '/tmp/tmpab12/x.json': gone", "can't open '/tmp/other': gone"), "can't open '/…': gone"),
        (("10.0.0.1:8080 refused", "10.12.0.133:80 refused"), "# refused"),
        (("v1.2.3", "v10.0"), "v#"),
    ],
)
def test_lines_that_differ_in_numbers_only_end_alike(lines: tuple[str, ...], ending: str) -> None:
    assert {alike(line) for line in lines} == {ending}


@pytest.mark.parametrize("line", ["no cargo", "defaced facade", "/etc/passwd: not found", "out of memory", "may be late"])
def test_words_are_left_as_they_are(line: str) -> None:
    assert alike(line) == line


def test_different_ends_stay_different() -> None:
    assert len({alike(line) for line in ("no cargo", "no ship", "KeyError: 'a'", "KeyError: 'b'")}) == 4


@pytest.mark.parametrize("text", ["0" * 255, "a0" * 127, "-" * 255, "/tmp/" * 51, "Jan " * 60, "0x" * 127, "2026-01-01T" * 20, "#." * 120])
@pytest.mark.timeout(120)
def test_no_line_is_gone_over_again_and_again(text: str) -> None:
    # What would go back and forth in such a line would need years for this many.
    for _ in range(20):
        assert len(alike(text)) <= 255
        assert shown(b"\x1b" * 8192) == ""


def test_only_the_end_of_a_large_log_is_read(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 100 * 1024 * 1024)
    store.save(KEY, (out(b"%06d %s\n" % (number, b"\1\0\0\0\0\0\0\x10" + AT)) for number in range(200_000)))
    frames = store.tail(KEY, TAIL)
    assert 500 < len(frames) < 1500
    assert frames[-1].payload.startswith(b"199999 ") and all(frame.time == AT for frame in frames)
    assert [int(frame.payload[:6]) for frame in frames] == list(range(200_000 - len(frames), 200_000))


def test_a_small_log_is_read_whole_and_none_is_empty(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 1024)
    assert store.tail(KEY, TAIL) == []
    store.save(KEY, [out(b"one\n"), out(b"two\n", 2)])
    assert store.tail(KEY, TAIL) == [out(b"one\n"), out(b"two\n", 2)]


def test_a_failed_execution_keeps_its_last_line_and_one_that_did_well_none(running: Estivador, busybox_image: str) -> None:
    script = 'echo begin; [ "$ESTIVADOR_INDEX" = 0 ] && exit 0; printf "\\033[31mno cargo in hold %s\\033[0m\\n\\n" "$ESTIVADOR_INDEX" >&2; exit 3'
    result_id = running.run(running.register(busybox_image), times=3, command=["sh", "-c", script])
    running.until_ended(result_id)
    assert [row["last_line"] for row in running.details(result_id)] == [None, "no cargo in hold 1", "no cargo in hold 2"]
    assert {row[0] for row in running.rows("SELECT ending FROM detail")} == {None, "no cargo in hold #"}


def test_what_was_killed_keeps_its_last_line(running: Estivador, busybox_image: str) -> None:
    result_id = running.run(running.register(busybox_image), command=["sh", "-c", "echo at sea; sleep 60"])
    running.until_result(result_id, lambda result: result["status"] == "RUNNING")
    running.post(f"/result/{result_id}/", {"operation": "KILL"})
    running.until_ended(result_id)
    assert running.details(result_id)[0]["last_line"] == "at sea"
