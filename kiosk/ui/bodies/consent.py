"""Consent: what, why, how long kept; agreeing and declining weigh the same."""

from __future__ import annotations

from functools import partial

from kiosk import texts
from kiosk.screens import Consent
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, EntryTable, note, note_height


class ConsentBody(Body):
    screen: Consent

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds = board.frame.prefs.type
        bar_h = 148.0
        words = board.say(texts.CONSENT_NOTE)
        note_h = note_height(board, words, box.w, icon=True)
        bar = Box(box.x, box.bottom - bar_h, box.w, bar_h)
        area = Box(box.x, box.y, box.w, box.h - bar_h - note_h - 60)
        used = EntryTable.fitting(board, self.screen.entries, area).show(self, self.screen.entries, area)
        note(board, words, Box(box.x, box.y + used + 24, box.w, note_h), icon="info")
        left, right = bar.columns(2, 32)
        decline, agree = partial(self.host.answer, False), partial(self.host.answer, True)
        board.button("decline", board.say(texts.DECLINE), left, decline, kind="outline", icon="x", size=kinds.title - 4)
        board.button("agree", board.say(texts.AGREE), right, agree, kind="outline", icon="check", size=kinds.title - 4)
