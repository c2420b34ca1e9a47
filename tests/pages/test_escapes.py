import re
import xml.etree.ElementTree as ET

import pytest

from app.pages.escapes import LONGEST, PLAIN, Style, convert, style_after, styled

OURS = re.compile(r'<span class="(?:(?:a-[bdiur]|[fb](?:[0-9]|1[0-5])|ctl|cut)(?: (?!")|(?=")))+">|</span>')
REPLACED = "\ufffd"


def shown(line: bytes, state: Style = PLAIN) -> str:
    return str(convert(line, state)[0])


def text_of(html: str) -> str:
    return "".join(ET.fromstring(f"<p>{html}</p>").itertext())


@pytest.mark.parametrize(
    ("line", "classes"),
    [
        (b"\x1b[1mx", "a-b"),
        (b"\x1b[2;3;4;7mx", "a-d a-i a-u a-r"),
        (b"\x1b[31mx", "f1"),
        (b"\x1b[97;104mx", "f15 b12"),
        (b"\x1b[01;31mx", "a-b f1"),
        (b"\x1b[1;31m\x1b[22mx", "f1"),
        (b"\x1b[31;44;39mx", "b4"),
        (b"\x1b[4:3mx", "a-u"),
        (b"\x1b[38;5;9mx", "f9"),
        (b"\x1b[38;5;196mx", "f9"),
        (b"\x1b[48;5;255mx", "b7"),
        (b"\x1b[38;2;250;5;5;1mx", "a-b f9"),
        (b"\x1b[38:2::0:0:230mx", "f4"),
        (b"\x1b[38:2:0:0:230mx", "f4"),
        (b"\x1b[38:5:2;1mx", "a-b f2"),
        (b"\x1b[58;5;196;31mx", "f1"),
        (b"\xc2\x9b31mx", "f1"),
    ],
)
def test_styles_become_classes(line: bytes, classes: str) -> None:
    html, state = convert(line)
    assert html == f'<span class="{classes}">x</span>'
    assert state.classes == classes
    assert styled(classes) == state == style_after(line)


@pytest.mark.parametrize("reset", [b"\x1b[m", b"\x1b[0m", b"\x1b[;m", b"\x1b[22;39m"])
def test_a_reset_gives_the_plain_style_back(reset: bytes) -> None:
    assert convert(b"\x1b[1;31mred" + reset + b"plain") == ('<span class="a-b f1">red</span>plain', PLAIN)


@pytest.mark.parametrize(
    "line",
    [b"\x1b[>4;2mx", b"\x1b[?1mx", b"\x1b[1 mx", b"\x1b[38;5;256mx", b"\x1b[38;2;1;2mx", b"\x1b[38;5;999mx", b"\x1b[" + b"9" * 5000 + b"mx"],
)
def test_what_only_looks_like_a_style_changes_nothing(line: bytes) -> None:
    assert convert(line) == ("x", PLAIN)


def test_the_style_goes_on_in_the_next_line() -> None:
    html, state = convert(b"\x1b[31mone\n")
    assert html == '<span class="f1">one</span>'
    assert convert(b"two\x1b[0m three\n", state) == ('<span class="f1">two</span> three', PLAIN)


def test_one_style_is_one_span_however_often_it_is_said() -> None:
    assert shown(b"\x1b[31ma\x1b[31mb\x1b[K\x1b[0m\x1b[31mc") == '<span class="f1">abc</span>'


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (b"a\x1b[2Jb\x1b[10;20Hc\x1b[?25ld", "abcd"),
        (b"a\x1b]0;title\x07b", "ab"),
        (b"a\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        (b"a\x1b]8;;http://x\x07link\x1b]8;;\x07b", "alinkb"),
        (b"a\x1bPdevice\x1b\\b", "ab"),
        (b"a\x1b_app\x1b\\b\x1b^pm\x1b\\c\x1bXsos\x1b\\d\x1bktitle\x1b\\e", "abcde"),
        (b"a\x1b(Bb\x1b=c\x1bMd\x1b7e", "abcde"),
        (b"a\xc2\x9d0;title\xc2\x9cb\xc2\x90q\xc2\x9cc\xc2\x85d\xc2\x9b2Je", "abcde"),
        (b"a\x1b]0;cut off", "a"),
        (b"a\x1bPcut off", "a"),
        (b"a\x1b[31;", "a"),
        (b"a\x1b[", "a"),
        (b"a\x1b", "a"),
        (b"a\x1b\x1b[31\x1b[0mb", "ab"),
        (b"a\x1b]0;title\x1b[0mb", "ab"),
        (b"a\x1b]0;title\x18b", "ab"),
        ("a\x1b[é".encode(), "aé"),
        (b"a\x00\x01\x08\x0b\x0c\x7fb\tc\n", "ab\tc"),
        (b"a\xff\xfeb\x9bc", f"a{REPLACED}{REPLACED}b{REPLACED}c"),
        (b"caf\xc3", f"caf{REPLACED}"),
        ("naïve ✔️ 世界 😀".encode(), "naïve ✔️ 世界 😀"),
        (b"", ""),
        (b"\r\n", ""),
    ],
)
def test_all_other_sequences_are_taken_out(line: bytes, left: str) -> None:
    assert text_of(shown(line)) == left


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (b"10%\r55%\r100%\n", "100%"),
        (b"10%\r100%\r\n", "100%"),
        (b"10%\r100%\r\x1b[K\r", "100%"),
        (b"whole line\r\n", "whole line"),
        (b"\rone", "one"),
    ],
)
def test_a_progress_bar_is_shown_as_it_was_left(line: bytes, left: str) -> None:
    assert shown(line) == left


def test_a_style_outlives_the_text_that_was_overwritten() -> None:
    assert convert(b"\x1b[32m10%\r100%") == ('<span class="f2">100%</span>', Style(foreground=2))


@pytest.mark.parametrize("point", [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0x200B, 0xAD, 0xFEFF, 0x2028, 0x3164, 0xE0041])
def test_what_is_invisible_is_shown_by_its_code_point(point: int) -> None:
    assert shown(f"a{chr(point)}b".encode()) == f'a<span class="ctl">U+{point:04X}</span>b'


ATTACKS = [
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b"\"><svg onload=alert(1)>'",
    b"</span></pre><script>alert(1)</script>",
    b"<scr\x1b[31mipt>alert(1)</scr\x1b[0mipt>",
    b"<\x00script>",
    b"\x1b[31<script>m",
    b"\x1b[<script>alert(1)m",
    b'\x1b["onmouseover=alert(1)m<b>',
    b"\x1b]8;;javascript:alert(1)\x07<a href=javascript:alert(1)>\x1b]8;;\x07",
    b'\x1b]8;id="><script>;http://x\x1b\\<b>x',
    b"\x1b]0;</title><script>alert(1)</script>\x07<i>",
    b"\x1b]52;c;PHNjcmlwdD4=\x07<u>",
    b"\x1bP<script>\x1b\\<s>",
    b"\x1b]\x1b]\x1b\\<script>",
    b"\x1b\x1b\x1b<script>",
    b"\xc2\x9b<\xc2\x9d<script>\xc2\x9c<script>",
    b"\xc2<script>\xe2\x80<script>\xf0\x9f<script>",
    b"\xc0\xbcscript\xc0\xbe",
    b"\xed\xa0\xbc<script>",
    b"+ADw-script+AD4-",
    b"&lt;script&gt;&#60;script&#x3e;",
    b"one\r<script>\r",
    "\u202e>tpircs<\u2066<script>\u2069".encode(),
    "\uff1cscript\uff1e\u2028<script>".encode(),
    b"\x1b[38;5;<script>m\x1b[38;2;1;1;1<b>m",
    b"<!--\x1b[1m--><![CDATA[\x1b[0m]]>",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("around", [(b"", b""), (b"\x1b[1;31m", b"\x1b[0m"), (b"\x1b]0;", b"\x07"), (b"\x1b[", b"m"), (b"x" * (LONGEST - 3), b"")])
def test_no_attack_leaves_a_tag_that_is_not_ours(attack: bytes, around: tuple[bytes, bytes]) -> None:
    html = shown(around[0] + attack + around[1], styled('f1 a-b"><script> b99'))
    rest = OURS.sub("", html)
    assert not set("<>\"'\x1b\x00\r") & set(rest)
    assert not set(map(chr, range(0x80, 0xA0))) & set(html)
    ET.fromstring(f"<p>{html}</p>")


def test_a_long_line_is_cut_with_a_note() -> None:
    html = shown(b"<" * (LONGEST + 1234))
    assert html.count("&lt;") == LONGEST
    assert html.endswith('<span class="cut"> … 1,234 more characters</span>')
    assert "more characters" not in shown(b"\x1b[1m\x1b[0mx" * LONGEST)


@pytest.mark.parametrize(
    "piece", [b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b]\x1b", b"\x1b[1", b"1;", b"\r", b"\x1b(", b"\x1b[38;2;", "\u202e".encode(), b"\x1b[1ma\x1b[0m", b"x\r", b"9"]
)
def test_a_line_made_to_be_slow_is_converted(piece: bytes) -> None:
    html, _ = convert(b"\x1b[" + piece * ((1 << 20) // len(piece)))  # a pattern that gives back what it took would never be over
    assert "\x1b" not in html
