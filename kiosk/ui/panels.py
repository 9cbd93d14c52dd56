"""Small panels over the screen: 无障碍, a notice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from content.schema.text import Text
from kiosk import texts
from kiosk.ui import theme
from kiosk.ui.board import Board, Box

if TYPE_CHECKING:
    from kiosk.ui.surface import Surface

W, H = theme.REFERENCE_WIDTH, theme.REFERENCE_HEIGHT
SHEET_WIDTH = W - 144.0 - 112.0  # of what stands on a sheet


def scrim(board: Board) -> None:
    side = board.frame.left / board.frame.unit + 1
    above = board.frame.top / board.frame.unit + 1
    board.rect(Box(-side, -above, W + 2 * side, H + 2 * above), board.c.scrim)


def sheet(board: Board, height: float) -> Box:
    """A raised sheet in the middle, in low-reach mode at the bottom; returns its inner box."""
    low = board.frame.prefs.low_reach
    y = H - height - 140 if low else (H - height) / 2
    box = Box(72, y, W - 144, height)
    if not board.c.heavy_lines:
        board.lift(box)
    board.rounded(box, board.c.surface, line=board.c.line, stroke=3, radius=24)
    return box.inset(56, 52)


def access(surface: Surface, board: Board) -> None:
    """大字, 高对比, 低位模式: what is on is said by a word and a tick, not by colour alone."""
    kinds = board.frame.prefs.type
    scrim(board)
    rows = (
        ("large", texts.ACCESS_LARGE, texts.ACCESS_LARGE_HINT, "a-large-small"),
        ("high_contrast", texts.ACCESS_CONTRAST, texts.ACCESS_CONTRAST_HINT, "contrast"),
        ("low_reach", texts.ACCESS_LOW, texts.ACCESS_LOW_HINT, "arrow-down-to-line"),
    )
    row_h = 156.0 if not board.frame.prefs.large else 196.0
    title = board.say(texts.ACCESS_TITLE)
    title_h = board.text_height(title, SHEET_WIDTH, kinds.title, True)
    inner = sheet(board, 104 + title_h + 32 + 3 * (row_h + 32) + 16 + 120)
    board.text(title, Box(inner.x, inner.y, inner.w, title_h), size=kinds.title, bold=True)
    y = inner.y + title_h + 32
    for name, label, hint, icon in rows:
        on = getattr(surface.prefs, name)
        box = Box(inner.x, y, inner.w, row_h)
        c = board.c
        board.rounded(box, c.tint if on else c.surface, line=c.primary if on else c.line, stroke=4 if on else 2)
        board.icon(icon, box.x + 72, box.y + row_h / 2, 60, c.on_tint)
        state = board.say(texts.ON if on else texts.OFF)
        state_w = board.measure(state, kinds.small, True) + 60
        room = box.w - 140 - state_w - 32
        label_h = board.text_height(board.say(label), room, kinds.body, True)
        hint_h = board.text_height(board.say(hint), room, kinds.small)
        top = box.y + (row_h - label_h - hint_h) / 2
        board.text(board.say(label), Box(box.x + 140, top, room, label_h), size=kinds.body, bold=True)
        board.text(
            board.say(hint), Box(box.x + 140, top + label_h - 2, room, hint_h + 2), size=kinds.small, colour=c.muted
        )
        right = Box(box.right - state_w - 28, box.y, state_w, row_h)
        board.icon(
            "circle-check" if on else "circle", right.x + 22, box.y + row_h / 2, 40, c.on_tint if on else c.muted
        )
        board.text(
            state,
            Box(right.x + 52, right.y, right.w - 52, row_h),
            size=kinds.small,
            bold=on,
            colour=c.on_tint if on else c.muted,
            valign="middle",
        )
        board.target(f"access:{name.replace('_', '-')}", box, partial(_toggle, surface, name))
        y += row_h + 32
    board.button(
        "panel:close",
        board.say(texts.DONE),
        Box(inner.x, inner.bottom - 120, inner.w, 120),
        surface.close_panel,
        kind="primary",
        size=kinds.body + 4,
    )


def _toggle(surface: Surface, name: str) -> None:
    surface.set_prefs(surface.prefs.toggled(name))


def notice(title: Text, body: Text, icon: str) -> Callable[[Surface, Board], None]:
    """A panel with one thing to know and one button."""

    def build(surface: Surface, board: Board) -> None:
        kinds, c = board.frame.prefs.type, board.c
        scrim(board)
        heading, words = board.say(title), board.say(body)
        head_h = board.text_height(heading, SHEET_WIDTH, kinds.title, True)
        body_h = board.text_height(words, SHEET_WIDTH, kinds.body)
        inner = sheet(board, 104 + 132 + head_h + 20 + body_h + 48 + 120)
        board.circle(inner.x + 52, inner.y + 52, 52, c.tint)
        board.icon(icon, inner.x + 52, inner.y + 52, 56, c.on_tint)
        y = inner.y + 132
        board.text(heading, Box(inner.x, y, inner.w, head_h), size=kinds.title, bold=True)
        board.text(words, Box(inner.x, y + head_h + 20, inner.w, body_h), size=kinds.body)
        board.button(
            "panel:close",
            board.say(texts.CLOSE),
            Box(inner.x, inner.bottom - 120, inner.w, 120),
            surface.close_panel,
            kind="primary",
            size=kinds.body + 4,
        )

    return build
