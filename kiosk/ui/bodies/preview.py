"""The certificate's picture before it is printed; masked until the resident asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from kivy.graphics.texture import Texture

from kiosk import texts
from kiosk.screens import Preview, PreviewAnswer
from kiosk.ui import paint
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, note, note_height


def paper(board: Board, state: dict[str, Any], png: bytes, box: Box, *, valign: str = "top") -> Box:
    """The picture of a sheet with its shadow, fitted into the box; returns where it lies. Decoded once a screen."""
    w, h = board.frame.px(box.w), board.frame.px(box.h)
    key = (hash(png), round(w), round(h))
    if state.get("paper_key") != key:
        state["paper_key"], state["paper"] = key, paint.fitted_picture(png, w, h)
    texture: Texture = state["paper"]
    tw, th = texture.width / board.frame.unit, texture.height / board.frame.unit
    top = box.y if valign == "top" else box.y + (box.h - th) / 2
    place = Box(box.x + (box.w - tw) / 2, top, tw, th)
    if not board.c.heavy_lines:
        board.lift(place)
    board.rounded(place.inset(-2), board.c.surface, line=board.c.line, radius=4)
    board.picture(texture, place)
    return place


class PreviewBody(Body):
    screen: Preview

    def actions(self) -> Sequence[Action]:
        return (Action("primary", texts.PRINT, partial(self.host.answer, PreviewAnswer.PRINT), "primary", "printer"),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds = board.frame.prefs.type
        words = board.say(texts.MASKED_NOTE if self.screen.masked else texts.REVEALED_NOTE)
        button_h = 104.0 if self.screen.masked else 0.0
        note_h = note_height(board, words, box.w, icon=True)
        bottom = note_h + (button_h + 20 if button_h else 0)
        sheet = Box(box.x, box.y, box.w, box.h - bottom - 36)
        place = paper(board, self.state, self.screen.png, sheet, valign="middle")
        if self.screen.pages > 1:
            label = board.say(texts.PAGES.format(count=self.screen.pages))
            width = board.measure(label, kinds.small, True) + 48
            badge = Box(place.right - width + 24, place.y - 16, width, kinds.small * 1.9)
            board.rounded(badge, board.c.primary, radius=kinds.small)
            board.text(
                label,
                badge,
                size=kinds.small,
                bold=True,
                colour=board.c.on_primary,
                align="center",
                valign="middle",
            )
        y = box.bottom - bottom
        note(board, words, Box(box.x, y, box.w, note_h), icon="eye-off" if self.screen.masked else "eye")
        if self.screen.masked:
            board.button(
                "reveal",
                board.say(texts.REVEAL),
                Box(box.x, y + note_h + 20, box.w, button_h),
                partial(self.host.answer, PreviewAnswer.REVEAL),
                kind="outline",
                icon="eye",
                size=kinds.body,
            )
