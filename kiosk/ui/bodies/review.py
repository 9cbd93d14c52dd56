"""Everything once more before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kiosk import texts
from kiosk.screens import Review
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, EntryTable, amount, note, note_height


class ReviewBody(Body):
    screen: Review

    def actions(self) -> Sequence[Action]:
        return (Action("primary", self.screen.confirm, partial(self.host.answer, None)),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds, c = board.frame.prefs.type, board.c
        words = board.say(self.screen.note) if self.screen.note else ""
        note_h = note_height(board, words, box.w, icon=True) + 28 if words else 0.0
        amount_h = 208.0 if self.screen.amount_fen is not None else 0.0
        room = box.h - note_h - (amount_h + 28 if amount_h else 0)
        table_box = Box(box.x, box.y, box.w, room)
        used = EntryTable.fitting(board, self.screen.entries, table_box).show(self, self.screen.entries, table_box)
        y = box.y + used + 28
        if self.screen.amount_fen is not None:
            card = Box(box.x, y, box.w, amount_h)
            board.rounded(card, c.tint, line=c.primary if c.heavy_lines else None)
            label = board.say(texts.AMOUNT)
            board.text(
                label, Box(card.x + 44, card.y, 300, amount_h), size=kinds.title, colour=c.on_tint, valign="middle"
            )
            board.text(
                amount(self.screen.amount_fen),
                Box(card.x + 300, card.y, card.w - 344, amount_h),
                size=kinds.huge,
                bold=True,
                colour=c.on_tint,
                align="right",
                valign="middle",
                wrap=False,
            )
            y += amount_h + 28
        if words:
            note(board, words, Box(box.x, y, box.w, note_h), icon="info")
