"""Whatever bytes a container writes, a page gets HTML of ours around the text that they are."""

import re
import unicodedata
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from app.pages.escapes import LONGEST, PLAIN, Style, convert, style_after, styled
from tests.pages.test_escapes import OURS, text_of

INTRODUCERS = [b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1bk", b"\x1b(", b"\x1b", b"\xc2\x9b", b"\xc2\x9d", b"\xc2\x90", b"\xc2\x9c"]
PARAMETERS = [b"1", b"31", b"38;5;196", b"48;2;1;2;3", b"38:2::9:9:9", b"0", b";", b":", b"?25", b"4:3", b"999999", "٣".encode(), b"-1"]
ENDS = [b"m", b"h", b"J", b"\x07", b"\x1b\\", b"\x18", b"\r", b"\n", b"\t", b"\0", b"\x7f", b"\xff", b"\xe2\x80", "\u202e".encode(), "\u2066".encode()]
HTML = [b"<script>", b"</span>", b"<img src=x onerror=y>", b"&lt;", b'"', b"'", b">", b"<!--", b"]]>", b"x"]
PIECES = st.one_of(st.sampled_from([*INTRODUCERS, *PARAMETERS, *ENDS, *HTML]), st.binary(max_size=4), st.text(max_size=4).map(str.encode))
LINES = st.one_of(st.binary(), st.lists(PIECES).map(b"".join))

TEXT = st.text(st.sampled_from("abz <>&\"'/=é世😀") | st.characters(categories=["L", "N", "P", "S"]), max_size=20)
CODES = st.lists(st.sampled_from(["", "0", "1", "4", "22", "31", "39", "94", "105", "38;5;9", "48;2;1;2;3", "38:5:7", "58;5;1"]), max_size=4).map(";".join)
SEQUENCES = st.one_of(
    CODES.map(lambda codes: f"\x1b[{codes}m"),
    st.sampled_from(["\x1b[2J", "\x1b[?25l", "\x1b[10;20H", "\x1b(B", "\x1b7", "\x07", "\0"]),
    TEXT.map(lambda text: f"\x1b]0;{text}\x07"),
    TEXT.map(lambda text: f"\x1bP{text}\x1b\\"),
)


def is_unseen(character: str) -> bool:
    """Whether a character speaks to a terminal, turns the reading direction, or can't be encoded."""
    bidirectional = unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN")
    return character not in "\t\n" and (unicodedata.category(character) in ("Cc", "Cs") or (bidirectional and unicodedata.category(character) == "Cf"))


@given(LINES, st.lists(LINES, max_size=2))
def test_whatever_is_written_a_page_gets_no_tag_but_ours_and_nothing_unseen(line: bytes, before: list[bytes]) -> None:
    state = PLAIN
    for earlier in before:
        state = convert(earlier, state)[1]
    html, after = convert(line, state)
    assert not set("<>\"'") & set(OURS.sub("", html))
    assert not [character for character in html if is_unseen(character)]
    ET.fromstring(f"<p>{html}</p>")
    assert re.fullmatch(r"(?:(?:a-[bdiur]|[fb](?:[0-9]|1[0-5]))(?: (?=\S)|$))*", after.classes)


@given(st.lists(st.one_of(TEXT.map(lambda text: (text, text)), SEQUENCES.map(lambda sequence: (sequence, "")))))
def test_the_text_between_the_sequences_is_all_there(pieces: list[tuple[str, str]]) -> None:
    html, _ = convert("".join(written for written, _ in pieces).encode())
    expected = "".join(text for _, text in pieces)
    assert text_of(re.sub(r'<span class="ctl">U\+([0-9A-F]{4,6})</span>', lambda found: chr(int(found[1], 16)), html)) == expected


@given(st.text("a<\u202e", min_size=1, max_size=9), st.integers(LONGEST // 9, LONGEST))
def test_no_line_is_longer_than_the_longest(text: str, times: int) -> None:
    text *= times
    assert len(text_of(re.sub(r'<span class="(?:ctl|cut)">[^<]*</span>', "", convert(text.encode())[0]))) <= LONGEST


@given(st.lists(LINES, max_size=6), st.integers(0, 6))
def test_a_style_goes_on_from_chunk_to_chunk_as_an_address_carries_it(lines: list[bytes], cut: int) -> None:
    def converted(lines: list[bytes], state: Style) -> tuple[list[str], Style]:
        found = []
        for line in lines:
            html, state = convert(line, state)
            found.append(str(html))
        return found, state

    whole, end = converted(lines, PLAIN)
    first, between = converted(lines[:cut], PLAIN)
    assert styled(between.classes) == between
    rest, last = converted(lines[cut:], styled(between.classes))
    assert (first + rest, last) == (whole, end)


@given(LINES, st.lists(LINES, max_size=3))
def test_the_style_after_a_line_that_is_not_shown_is_that_of_one_that_is(line: bytes, before: list[bytes]) -> None:
    state = PLAIN
    for earlier in before:
        state = style_after(earlier, state)
    assert style_after(line, state) == convert(line, state)[1]
