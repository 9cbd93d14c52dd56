"""Line breaking by UAX #14, measured with the real font.

Kivy breaks Chinese anywhere, so that "、" and "，" begin a line. Here lines are made before a label sees the text
(避头尾), and a last line of one lonely character is avoided where the paragraph can be rebalanced.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from uniseg.linebreak import line_break_units

Measure = Callable[[str], float]


@lru_cache(maxsize=4096)
def units(text: str) -> tuple[str, ...]:
    """The unbreakable pieces of one paragraph, each with its trailing spaces."""
    pieces: list[str] = []
    for unit in line_break_units(text):
        # UAX #14 allows a break between 8 and 个 or after "12 ": a number with its unit reads better whole.
        if pieces and pieces[-1].strip().isdigit() and len(unit.strip()) <= 2 and not unit.isascii():
            pieces[-1] += unit
        else:
            pieces.append(unit)
    return tuple(pieces)


def _split_long(unit: str, width: float, measure: Measure) -> list[str]:
    """A piece wider than the line (a long number, an address) is broken between characters."""
    parts, current = [], ""
    for char in unit:
        if current and measure(current + char) > width:
            parts.append(current)
            current = char
        else:
            current += char
    return [*parts, current] if current else parts


def _fill(pieces: list[str], width: float, measure: Measure) -> list[str]:
    lines: list[str] = []
    current = ""
    for piece in pieces:
        if current and measure((current + piece).rstrip()) > width:
            lines.append(current.rstrip())
            current = piece
        else:
            current += piece
    if current.strip():
        lines.append(current.rstrip())
    return lines


def break_lines(text: str, width: float, measure: Measure, *, orphan: float = 0.0) -> list[str]:
    """Lines of at most `width` pixels. A last line narrower than `orphan` pixels is filled up by narrowing the
    others, if that costs no extra line. Explicit newlines are kept."""
    out: list[str] = []
    for paragraph in text.split("\n"):
        if not paragraph:
            out.append("")
            continue
        if measure(paragraph) <= width:
            out.append(paragraph)
            continue
        pieces: list[str] = []
        for unit in units(paragraph):
            pieces.extend([unit] if measure(unit.rstrip()) <= width else _split_long(unit, width, measure))
        lines = _fill(pieces, width, measure)
        narrower = width
        while len(lines) > 1 and measure(lines[-1]) < orphan and narrower > width * 0.6:
            narrower *= 0.94
            if any(measure(piece.rstrip()) > narrower for piece in pieces):
                break
            candidate = _fill(pieces, narrower, measure)
            if len(candidate) > len(lines):
                break
            if measure(candidate[-1]) >= orphan:
                lines = candidate
                break
        out.extend(lines)
    return out


def forget() -> None:
    """Drop cached pieces: they may hold what a resident's screen said."""
    units.cache_clear()
