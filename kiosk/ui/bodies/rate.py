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
        kinds = board.frame.prefs.type
        top = max(box.y, reach)
        words = board.say(texts.RATE_NOTE)
        gap = 32.0
        if reach:
            self._row(board, Box(box.x, top, box.w, min(box.bottom - top - 88, 360.0)), gap)
            note(board, words, Box(box.x, box.bottom - 60, box.w, 60), icon="lock")
            return
        row_h = min(196.0, (box.bottom - top - 80 - 4 * gap) / 5)
        y = top
        for value, face in _FACES:
            cell = Box(box.x, y, box.w, row_h)
            colour, tinted = self._colours(board, value)
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

    def _colours(self, board: Board, value: str) -> tuple[str, str]:
        c = board.c
        return {
            "5": (c.success_ink, c.success_tint),
            "4": (c.success_ink, c.success_tint),
            "3": (c.on_tint, c.tint),
        }.get(value, (c.warning_ink, c.warning_tint))

    def _row(self, board: Board, box: Box, gap: float) -> None:
        """Low reach: the faces side by side, so that they stay large in the lower part."""
        kinds = board.frame.prefs.type
        for cell, (value, face) in zip(box.columns(5, gap), _FACES, strict=True):
            colour, tinted = self._colours(board, value)
            board.card(cell)
            radius = cell.w * 0.36
            board.circle(cell.x + cell.w / 2, cell.y + 40 + radius, radius, tinted)
            board.icon(face, cell.x + cell.w / 2, cell.y + 40 + radius, radius * 1.3, colour)
            top = cell.y + 64 + 2 * radius
            board.text(
                board.say(texts.RATES[value]),
                Box(cell.x + 8, top, cell.w - 16, cell.bottom - top - 16),
                size=kinds.small,
                bold=True,
                align="center",
            )
            board.target(f"rate:{value}", cell, partial(self.host.answer, RateAnswer(value)))
