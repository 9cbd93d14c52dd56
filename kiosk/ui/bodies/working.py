"""While the machine works: its real steps, never a bare spinner."""

from __future__ import annotations

from kiosk.screens import Working
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, milestones


class WorkingBody(Body):
    screen: Working

    def build(self, board: Board, box: Box, reach: float) -> None:
        c = board.c
        items = self.screen.milestones
        if not items:
            card = Box(box.x, box.y, box.w, 400)
            board.card(card)
            board.circle(card.x + card.w / 2, card.y + 200, 96, c.tint)
            board.icon("hourglass", card.x + card.w / 2, card.y + 200, 100, c.on_tint)
            return
        row = 160.0
        measure = Board(board.frame)
        height = milestones(measure, items, Box(box.x + 48, box.y, box.w - 96, box.h), row=row)
        card = Box(box.x, box.y, box.w, height + 64)
        board.card(card)
        milestones(board, items, Box(card.x + 56, card.y + 32, card.w - 112, height), row=row)
