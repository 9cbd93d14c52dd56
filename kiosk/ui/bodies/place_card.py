"""Lay the card on the reader: a drawing of the terminal, the card moving gently towards its place."""

from __future__ import annotations

import math
import time

from kivy.graphics import PopMatrix, PushMatrix, Translate

from kiosk import texts
from kiosk.screens import PlaceCard
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, banner, banner_height, note, note_height

_PERIOD = 2.4  # seconds of one approach of the card


class PlaceCardBody(Body):
    screen: PlaceCard

    def build(self, board: Board, box: Box, reach: float) -> None:
        y = box.y
        if self.screen.reading:
            y += banner(board, board.say(texts.READING), Box(box.x, y, box.w, 0), tone="good", icon="loader") + 28
        elif self.screen.hint is not None:
            words = board.say(self.screen.hint)
            y += banner(board, words, Box(box.x, y, box.w, 0), tone="hint", icon="triangle-alert") + 28
        words = board.say(texts.PLACE_CARD_NOTE)
        note_h = note_height(board, words, box.w, icon=True)
        card = Box(box.x, y, box.w, box.bottom - y - note_h - 28)
        board.card(card)
        self._terminal(board, card)
        note(board, words, Box(box.x, card.bottom + 24, box.w, note_h), icon="info")

    def _terminal(self, board: Board, card: Box) -> None:
        """The cabinet from the front: screen above, the shelf below it with the reader at its right."""
        c, kinds = board.c, board.frame.prefs.type
        middle = card.x + card.w / 2
        h = card.h - 96
        top = card.y + 48
        body = Box(middle - 250, top, 500, h * 0.66)
        board.rounded(body, c.neutral, line=c.line, radius=28)
        screen = body.inset(40, 40)
        screen = Box(screen.x, screen.y, screen.w, body.h - 76)
        board.rounded(screen, c.surface, line=c.line, radius=12)
        board.rounded(Box(screen.x + 40, screen.y + 44, 76, 76), c.tint, radius=14)
        board.rounded(Box(screen.x + 140, screen.y + 54, 190, 22), c.tint, radius=8)
        board.rounded(Box(screen.x + 140, screen.y + 92, 130, 16), c.tint, radius=8)
        for row in range(3):
            width = (screen.w - 80) * (1.0, 0.86, 0.6)[row]
            board.rounded(Box(screen.x + 40, screen.y + 160 + row * 46, width, 20), c.tint, radius=8)
        shelf = Box(middle - 400, body.bottom - 24, 800, h - body.h + 24)
        board.rounded(shelf, c.neutral, line=c.line, radius=28)
        reader = Box(shelf.right - 400, shelf.y + 40, 352, shelf.h - 80)
        board.rounded(reader, c.tint, line=c.primary, stroke=5, radius=20)
        label = board.say(texts.READER)
        board.icon("nfc", reader.x + reader.w / 2, reader.y + reader.h / 2 - 26, min(96.0, reader.h * 0.42), c.on_tint)
        board.text(
            label,
            Box(reader.x, reader.bottom - kinds.small * 1.75, reader.w, kinds.small * 1.5),
            size=kinds.small,
            bold=True,
            colour=c.on_tint,
            align="center",
        )
        self._moving(board, reader)

    def _moving(self, board: Board, reader: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        moving = board.sub()
        w, h = 264.0, 166.0
        rest = (reader.h - h) / 2 - 24 if self.screen.reading else -h - 104.0
        id_card = Box(reader.x + (reader.w - w) / 2, reader.y + rest, w, h)
        with moving.canvas:
            PushMatrix()
            shift = Translate(0, 0)
        if not c.heavy_lines:
            moving.lift(id_card, blur=16)
        moving.rounded(id_card, c.surface, line=c.primary, stroke=4, radius=14)
        moving.icon("user-round", id_card.x + 60, id_card.y + h / 2, 76, c.on_tint)
        moving.text(
            board.say(texts.CARD),
            Box(id_card.x + 112, id_card.y + 30, w - 124, kinds.small * 1.5),
            size=28,
            bold=True,
            colour=c.on_tint,
        )
        for number, width in enumerate((116.0, 84.0)):
            moving.rounded(Box(id_card.x + 112, id_card.y + 88 + number * 28, width, 12), c.tint, radius=5)
        if not self.screen.reading:
            moving.icon("arrow-down", id_card.x + w / 2, id_card.bottom + 42, 72, c.on_tint)
        with moving.canvas:
            PopMatrix()
        if self.screen.reading:
            return
        began = time.monotonic()
        travel = board.frame.px(40)

        def move() -> None:
            phase = ((time.monotonic() - began) % _PERIOD) / _PERIOD
            shift.y = -travel * (0.5 - 0.5 * math.cos(2 * math.pi * phase))

        self.every(1 / 12, move)


__all__ = ["PlaceCardBody", "banner_height"]
