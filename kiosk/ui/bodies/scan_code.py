"""A code is wanted: a drawing of the terminal, a phone with a code moving gently before the scanner."""

from __future__ import annotations

import math
import time

from kivy.graphics import PopMatrix, PushMatrix, Translate

from kiosk import form_texts
from kiosk.service_screens import ScanCode
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, banner, note, note_height

_PERIOD = 2.4  # seconds of one approach of the phone


class ScanCodeBody(Body):
    screen: ScanCode

    def build(self, board: Board, box: Box, reach: float) -> None:
        if self.screen.reading:
            words, tone, icon = form_texts.CODE_READING, "good", "loader"
        elif self.screen.error is not None:
            words, tone, icon = self.screen.error, "problem", "circle-alert"
        else:
            words, tone, icon = self.screen.hint, "info", "qr-code"
        y = box.y + banner(board, board.say(words), Box(box.x, box.y, box.w, 0), tone=tone, icon=icon) + 28
        below = board.say(form_texts.CODE_NOTE_PAPER if self.screen.on_paper else form_texts.CODE_NOTE)
        note_h = note_height(board, below, box.w, icon=True)
        card = Box(box.x, y, box.w, box.bottom - y - note_h - 28)
        board.card(card)
        self._terminal(board, card)
        note(board, below, Box(box.x, card.bottom + 24, box.w, note_h), icon="info")

    def _terminal(self, board: Board, card: Box) -> None:
        """The cabinet's lower edge above with the scanner's window in it, the phone below."""
        c, kinds = board.c, board.frame.prefs.type
        middle = card.x + card.w / 2
        shelf = Box(middle - 400, card.y + 48, 800, card.h * 0.34)
        board.rounded(shelf, c.neutral, line=c.line, radius=28)
        window = Box(middle - 170, shelf.bottom - min(170.0, shelf.h * 0.62), 340, min(130.0, shelf.h * 0.48))
        board.rounded(window, c.tint, line=c.primary, stroke=5, radius=18)
        board.icon("scan-line", window.x + window.w / 2, window.y + window.h / 2, window.h * 0.62, c.on_tint)
        board.text(
            board.say(form_texts.CODE_WINDOW),
            Box(shelf.x, window.y - kinds.small * 1.7, shelf.w, kinds.small * 1.5),
            size=kinds.small,
            bold=True,
            colour=c.on_tint,
            align="center",
        )
        self._phone(board, Box(middle, shelf.bottom, 0, card.bottom - 36 - shelf.bottom))

    def _phone(self, board: Board, room: Box) -> None:
        c = board.c
        moving = board.sub()
        travel = min(56.0, room.h * 0.14)
        h = min(420.0, room.h - travel - 72)
        w = h * 0.62
        top = room.y + (28.0 if self.screen.reading else 40.0 + travel)
        phone = Box(room.x - w / 2, top, w, h)
        with moving.canvas:
            PushMatrix()
            shift = Translate(0, 0)
        if not c.heavy_lines:
            moving.lift(phone, blur=16)
        if self.screen.on_paper:
            screen = phone
            moving.rounded(phone, "#FFFFFF", line=c.line, stroke=3, radius=6)
        else:
            screen = phone.inset(12, 14)
            moving.rounded(phone, c.ink if not c.heavy_lines else c.surface, line=c.line, stroke=3, radius=30)
            moving.rounded(screen, "#FFFFFF", radius=20)
        side = min(screen.w, screen.h) * 0.72
        ink = "#0B6E4F" if self.screen.reading else "#10243A"
        sign = "circle-check" if self.screen.reading else "qr-code"
        moving.icon(sign, screen.x + screen.w / 2, screen.y + screen.h / 2, side, ink)
        with moving.canvas:
            PopMatrix()
        if self.screen.reading:
            return
        board.icon("arrow-up", room.x - w / 2 - 90, phone.y + h / 2, 84, c.on_tint)
        board.icon("arrow-up", room.x + w / 2 + 90, phone.y + h / 2, 84, c.on_tint)
        began = time.monotonic()
        distance = board.frame.px(travel)

        def move() -> None:
            phase = ((time.monotonic() - began) % _PERIOD) / _PERIOD
            shift.y = distance * (0.5 - 0.5 * math.cos(2 * math.pi * phase))

        self.every(1 / 12, move)
