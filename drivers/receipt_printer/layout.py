"""A receipt's parts as rows of display columns: an ASCII character takes one, a Chinese one takes two."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from drivers.receipt_printer.port import Heading, Line, Pair, Rule
from drivers.receipt_printer.profile import Font

# Characters every Chinese printer has in a form that means the same.
_SAME = str.maketrans({"¥": "￥", "\u00a0": " ", "\t": " ", "\u2022": "·", "\u2212": "-"})
_NOT_AT_LINE_START = frozenset("，。、；：？！）】》〉”’…%,.;:?!)]}")


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True)
class Row:
    """One printed line; `scale` 2 is double width and height, and halves the columns there are."""

    text: str
    bold: bool = False
    scale: int = 1
    align: Align = Align.LEFT


def in_printer_font(char: str, font: Font = "gbk") -> bool:
    """True if a printer with this font has the character: ASCII, and the two-byte codes of GB 2312 or GBK."""
    if " " <= char <= "~":
        return True
    if font == "ascii":
        return False
    try:
        return len(char.encode(font)) == 2
    except UnicodeEncodeError:
        return False


def char_columns(char: str) -> int:
    """Columns of one character: whatever has a two-byte code is printed in a square cell."""
    if " " <= char <= "~":
        return 1
    if in_printer_font(char) or unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def text_columns(text: str) -> int:
    return sum(map(char_columns, text))


def clean(text: str) -> str:
    """Without control characters (they would be commands) and invisible format characters (they would turn the
    line round, or stop the font's shaper), in the printer's own variants; line feeds stay, other line ends become
    such."""
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").translate(_SAME)
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`; at least one. Latin words stay whole where they fit, nothing is cut or lost."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph, columns))
    return lines


def _wrap_paragraph(paragraph: str, columns: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for char in paragraph:
        if text_columns(line) + char_columns(char) <= columns:
            line += char
        elif char == " ":
            lines.append(line)
            line = ""
        else:
            head, tail = _break(line, char)
            lines.append(head.rstrip(" "))
            line = tail.lstrip(" ") + char
    return [*lines, line]


def _break(line: str, following: str) -> tuple[str, str]:
    """Where a full line is broken before `following`."""
    cut = len(line)
    if _in_word(following) and _in_word(line[-1]):
        while cut and _in_word(line[cut - 1]):
            cut -= 1
    elif following in _NOT_AT_LINE_START:
        cut -= 1
    # A word as long as the line, or a line of punctuation, is broken where it is full.
    return (line[:cut], line[cut:]) if line[:cut].strip() else (line, "")


def _in_word(char: str) -> bool:
    return "!" <= char <= "~"


def rows_of(part: Heading | Line | Pair | Rule, columns: int) -> list[Row]:
    """One part as rows for paper of so many columns."""
    match part:
        case Heading(text):
            return [Row(t, scale=2, align=Align.CENTER) for t in wrap(clean(text), columns // 2)]
        case Line(text, bold):
            return [Row(t, bold=bold) for t in wrap(clean(text), columns)]
        case Pair():
            return _pair(part, columns)
        case Rule():
            return [Row("-" * columns)]


def _pair(pair: Pair, columns: int) -> list[Row]:
    scale = 2 if pair.large else 1
    room = columns // scale
    label, value = clean(pair.label).replace("\n", " "), clean(pair.value).replace("\n", " ")
    gap = room - text_columns(label) - text_columns(value)
    if gap >= 1:
        return [Row(label + " " * gap + value, scale=scale)]
    labels = [Row(t, scale=scale) for t in wrap(label, room)]
    return labels + [Row(t, scale=scale, align=Align.RIGHT) for t in wrap(value, room)]
