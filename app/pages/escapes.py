"""Log lines as safe HTML: colours become classes, everything else that speaks to a terminal is taken out. No log is read here.

What a log holds was written by a stranger: each character is escaped, and what would be invisible or turn the reading
direction is shown by its code point.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from markupsafe import Markup, escape

LONGEST = 10_000
"""Characters of one line that are shown."""


class Style(NamedTuple):
    """How text looks after the sequences seen so far; colours are 0 to 15, None is the page's own."""

    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    inverse: bool = False
    foreground: int | None = None
    background: int | None = None

    @property
    def classes(self) -> str:
        """The class names of this style, "" for the plain one; `styled` reads them back."""
        words = [name for name, on in zip(ATTRIBUTES, self, strict=False) if on]
        words += [f"{letter}{colour}" for letter, colour in (("f", self.foreground), ("b", self.background)) if colour is not None]
        return " ".join(words)


ATTRIBUTES = ("a-b", "a-d", "a-i", "a-u", "a-r")
PLAIN = Style()


def styled(classes: str) -> Style:
    """Return the style of these class names, as a URL may carry it from one chunk to the next; unknown words say nothing."""
    style = PLAIN
    for word in classes[:64].split():
        if word in ATTRIBUTES:
            style = style._replace(**{Style._fields[ATTRIBUTES.index(word)]: True})
        elif re.fullmatch(r"[fb](?:[0-9]|1[0-5])", word, re.ASCII):
            ground: dict[str, Any] = {"foreground" if word[0] == "f" else "background": int(word[1:])}
            style = style._replace(**ground)
    return style


# Formats, fillers, separators and tags that take no room on the screen. Variation selectors of emoji are let through.
INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)

# Each alternative begins with a character of its own and no part of it gives back what it took, so one pass is linear.
# What is cut off or malformed is taken as far as it goes: a string sequence without its end takes the rest of the line.
TOKEN = re.compile(
    rf"""
    (?:\x1b\[|\x9b) (?P<parameters>[0-?]*+) (?P<between>[ -/]*+) (?P<final>[@-~]?+)
    | (?:\x1b\]|\x9d) [^\x07\x1b\x9c\x18\x1a]*+ (?:\x07|\x1b\\|[\x9c\x18\x1a])?+
    | (?:\x1b[PX^_k]|[\x90\x98\x9e\x9f]) [^\x1b\x9c\x18\x1a]*+ (?:\x1b\\|[\x9c\x18\x1a])?+
    | \x1b [ -/]*+ [0-~]?+
    | (?P<carriage>\r)
    | [\x00-\x08\x0a-\x1f\x7f-\x9f]
    | (?P<invisible>[{INVISIBLE}])
    """,
    re.VERBOSE,
)


class _Shown:
    """What of a line is seen: its pieces by style, and how many characters it has, shown or not."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Style, str]] = []
        self.length = 0

    def add(self, text: str, style: Style, markup: str | None = None) -> None:
        """Add text, as `markup` where that is given, as far as the line has room."""
        room = LONGEST - self.length
        if room > 0 and text:
            self.pieces.append((style, markup or str(escape(text[:room]))))
        self.length += len(text)

    def markup(self) -> Markup:
        """Put the pieces together, a span a run of one style."""
        parts = []
        for style, run in groupby(self.pieces, key=lambda piece: piece[0]):
            inside = "".join(markup for _, markup in run)
            parts.append(f'<span class="{style.classes}">{inside}</span>' if style != PLAIN else inside)
        if self.length > LONGEST:
            parts.append(f'<span class="cut"> … {self.length - LONGEST:,} more characters</span>')
        return Markup("".join(parts))  # noqa: S704  (each piece is escaped above)


def convert(line: bytes, state: Style = PLAIN) -> tuple[Markup, Style]:
    """Return a log line as HTML, and the style that the next line begins with.

    Of what carriage returns overwrote, the last text that isn't empty is shown, as a terminal leaves a progress bar.
    """
    text = line.decode("utf-8", "replace")
    shown, before, at = _Shown(), _Shown(), 0
    for token in TOKEN.finditer(text):
        shown.add(text[at : token.start()], state)
        at = token.end()
        if token["invisible"]:
            shown.add(token[0], state, f'<span class="ctl">U+{ord(token[0]):04X}</span>')
        elif token["carriage"] and shown.length:
            shown, before = _Shown(), shown
        else:
            state = _after(token, state)
    shown.add(text[at:], state)
    return (shown if shown.length else before).markup(), state


def style_after(line: bytes, state: Style = PLAIN) -> Style:
    """Return the style after a line that isn't shown itself."""
    if b"\x1b" not in line and b"\xc2\x9b" not in line:
        return state
    for token in TOKEN.finditer(line.decode("utf-8", "replace")):
        state = _after(token, state)
    return state


CHANGES: dict[int, dict[str, Any]] = {
    0: PLAIN._asdict(),
    1: {"bold": True}, 2: {"dim": True}, 3: {"italic": True}, 4: {"underline": True}, 7: {"inverse": True}, 21: {"underline": True},
    22: {"bold": False, "dim": False}, 23: {"italic": False}, 24: {"underline": False}, 27: {"inverse": False},
    39: {"foreground": None}, 49: {"background": None},
}  # fmt: skip
"""What each SGR code changes. Blinking is left out, and so is concealing: what is in a log can be read."""

for _colour_number in range(8):
    for _first, _ground in ((30, "foreground"), (40, "background")):
        CHANGES[_first + _colour_number] = {_ground: _colour_number}
        CHANGES[_first + 60 + _colour_number] = {_ground: _colour_number + 8}

EXTENDED = {38: "foreground", 48: "background", 58: None}
"""Codes that a colour follows, of 256 or of 16 million; that of an underline is read only to step over it."""


def _after(token: re.Match[str], style: Style) -> Style:
    """Return the style after a sequence: another one only where that is SGR, with no private or intermediate character."""
    if token["final"] != "m" or token["between"] or not re.fullmatch(r"[0-9;:]*", token["parameters"], re.ASCII):
        return style
    fields = iter(token["parameters"].split(";"))
    for field in fields:
        code, *arguments = map(_number, field.split(":"))
        if code in EXTENDED:
            colour, ground = _colour(arguments or _following(fields)), EXTENDED[code]
            change: dict[str, Any] = {ground: colour} if ground and colour is not None else {}
            style = style._replace(**change)
        elif code == 4 and arguments[:1] == [0]:
            style = style._replace(underline=False)
        else:
            style = style._replace(**CHANGES.get(code, {}))
    return style


def _number(text: str) -> int:
    """Read a parameter; an empty one is 0, one out of any range -1 (a million digits aren't worth a conversion)."""
    return int(text or 0) if len(text) < 5 and (text.isdigit() or not text) else -1


def _following(fields: Iterator[str]) -> list[int]:
    """Take the colour's own parameters off `fields`: `5;n` or `2;r;g;b`."""
    kind = _number(next(fields, ""))
    return [kind, *(_number(next(fields, "missing")) for _ in range({5: 1, 2: 3}.get(kind, 0)))]


def _colour(arguments: list[int]) -> int | None:
    """Return the colour of the 16 that is nearest to the one described, None where that is none."""
    match arguments:
        case [5, number, *_] if 0 <= number <= 255:
            return number if number < 16 else _nearest(*_cube(number))
        case [2, red, green, blue] | [2, _, red, green, blue, *_] if all(0 <= part <= 255 for part in (red, green, blue)):
            return _nearest(red, green, blue)
    return None


def _cube(number: int) -> tuple[int, int, int]:
    """Return red, green and blue of a colour from 16 to 255 of the palette of 256: a cube of six steps a side, then greys."""
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return (grey, grey, grey)
    steps = (0, 95, 135, 175, 215, 255)
    return (steps[(number - 16) // 36], steps[(number - 16) // 6 % 6], steps[(number - 16) % 6])


PALETTE = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
"""The 16 colours as xterm has them, by which the nearest is found; what they look like is the style sheet's business."""


@lru_cache(maxsize=4096)
def _nearest(red: int, green: int, blue: int) -> int:
    return min(range(16), key=lambda number: sum((a - b) ** 2 for a, b in zip(PALETTE[number], (red, green, blue), strict=True)))
