"""Five faces with words (GB/T 39734), and a way to skip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kiosk import texts
from kiosk.screens import Rate, RateAnswer
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, note

_FACES = (("5", "laugh"), ("4", "smile"), ("3", "meh"), ("2", "frown"), ("1", "angry"))


class RateBody(Body):
    screen: Rate

    def actions(self) -> Sequence[Action]:
        return (Action("skip", texts.SKIP_RATING, partial(self.host.answer, RateAnswer.SKIP), "outline"),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        top = max(box.y, reach)
        words = board.say(texts.RATE_NOTE)
        gap = 32.0
        row_h = min(196.0, (box.bottom - top - 80 - 4 * gap) / 5)
        y = top
        for value, face in _FACES:
            cell = Box(box.x, y, box.w, row_h)
            colour = {"5": c.success_ink, "4": c.success_ink, "3": c.on_tint}.get(value, c.warning_ink)
            tinted = {"5": c.success_tint, "4": c.success_tint, "3": c.tint}.get(value, c.warning_tint)
            board.card(cell)
            side = min(128.0, row_h - 32)
            board.circle(cell.x + 40 + side / 2, cell.y + row_h / 2, side / 2, tinted)
            board.icon(face, cell.x + 40 + side / 2, cell.y + row_h / 2, side * 0.66, colour)
            board.text(
                board.say(texts.RATES[value]),
                Box(cell.x + 40 + side + 44, cell.y, cell.w - side - 120, row_h),
                size=kinds.title,
                bold=True,
                valign="middle",
            )
            board.target(f"rate:{value}", cell, partial(self.host.answer, RateAnswer(value)))
            y += row_h + gap
        note(board, words, Box(box.x, y, box.w, 60), icon="lock")
