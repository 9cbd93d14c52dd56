"""A result or a fault, and a service that cannot start now: what happened, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kiosk import texts
from kiosk.screens import Message, Tone, Unavailable
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, EntryTable
from kiosk.ui.panels import SHEET_WIDTH, sheet

_LOOK = {Tone.GOOD: "check", Tone.INFO: "info", Tone.PROBLEM: "triangle-alert"}


class MessageBody(Body):
    screen: Message

    def actions(self) -> Sequence[Action]:
        """The first button is the main one: right and largest, like everywhere."""
        own = [
            Action(
                f"button:{choice.value}",
                choice.label,
                None if choice.unavailable else partial(self.host.answer, choice.value),
                "primary" if number == 0 else "outline",
                choice.icon,
            )
            for number, choice in enumerate(self.screen.buttons)
        ]
        return own[::-1]

    def _colours(self, board: Board) -> tuple[str, str]:
        c = board.c
        return {
            Tone.GOOD: (c.success, c.on_success),
            Tone.INFO: (c.primary, c.on_primary),
            Tone.PROBLEM: (c.warning, c.on_warning),
        }[self.screen.tone]

    def build_over(self, board: Board) -> None:
        """Sign, question, body, entries if any, and the buttons in a row."""
        kinds = board.frame.prefs.type
        question, words, entries = board.say(self.screen.question), board.say(self.screen.body), self.screen.entries
        question_h = board.text_height(question, SHEET_WIDTH, kinds.question, True)
        words_h = board.text_height(words, SHEET_WIDTH, kinds.title)
        table = EntryTable(board, SHEET_WIDTH)
        table.measure(entries)
        table_h = sum(map(table.height, entries)) + 64 if entries else 0.0
        button_h = 148.0
        inner = sheet(board, 104 + 132 + question_h + 24 + words_h + table_h + 56 + button_h)
        fill, ink = self._colours(board)
        board.circle(inner.x + 52, inner.y + 52, 52, fill)
        board.icon(_LOOK[self.screen.tone], inner.x + 52, inner.y + 52, 60, ink)
        y = inner.y + 132
        board.text(question, Box(inner.x, y, inner.w, question_h), size=kinds.question, bold=True)
        y += question_h + 24
        board.text(words, Box(inner.x, y, inner.w, words_h), size=kinds.title)
        if entries:
            table.draw(entries, Box(inner.x, y + words_h + 32, inner.w, table_h - 32))
        buttons = self.actions()
        row = Box(inner.x, inner.bottom - button_h, inner.w, button_h)
        for cell, action in zip(row.columns(len(buttons), 32), buttons, strict=True):
            board.button(
                action.touch_id,
                board.say(action.label),
                cell,
                action.tap,
                kind=action.kind,
                size=kinds.title,
                icon=action.icon,
                enabled=action.tap is not None,
            )

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds = board.frame.prefs.type
        fill, ink = self._colours(board)
        words = board.say(self.screen.body)
        size = float(kinds.title)
        entries = self.screen.entries
        most = box.h * (0.5 if entries else 0.98) - 320
        while size > kinds.body and board.text_height(words, box.w - 120, size) > most:
            size -= 2
        body_h = board.text_height(words, box.w - 120, size)
        card = Box(box.x, box.y, box.w, max(body_h + 348, 0 if entries else min(640.0, box.h)))
        board.card(card)
        y = card.y + (card.h - body_h - 232) / 2
        board.circle(card.x + card.w / 2, y + 90, 90, fill)
        board.icon(_LOOK[self.screen.tone], card.x + card.w / 2, y + 88, 104, ink)
        board.text(words, Box(card.x + 60, y + 232, card.w - 120, body_h), size=size, align="center")
        if entries:
            rest = Box(box.x, card.bottom + 28, box.w, box.bottom - card.bottom - 28)
            EntryTable.fitting(board, entries, rest).show(self, entries, rest)


class UnavailableBody(Body):
    screen: Unavailable

    def actions(self) -> Sequence[Action]:
        return (Action("primary", texts.CLOSE, partial(self.host.answer, None)),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        size = float(kinds.body + (8 if not board.frame.prefs.large else 0))
        reason, advice = board.say(self.screen.reason), board.say(self.screen.advice)
        w = box.w - 248
        reason_h = board.text_height(reason, w, size, True)
        card = Box(box.x, box.y, box.w, max(reason_h + 112, 208))
        board.rounded(card, c.warning_tint, line=c.warning_ink)
        board.icon("clock-alert", card.x + 104, card.y + card.h / 2, 88, c.warning_ink)
        board.text(
            reason, Box(card.x + 192, card.y, w, card.h), size=size, bold=True, colour=c.warning_ink, valign="middle"
        )
        title = board.say(texts.ADVICE_TITLE)
        advice_h = board.text_height(advice, box.w - 96, size)
        title_h = board.text_height(title, box.w - 96, kinds.title, True)
        below = Box(box.x, card.bottom + 32, box.w, title_h + advice_h + 112)
        board.card(below)
        board.text(title, Box(below.x + 48, below.y + 44, below.w - 96, title_h), size=kinds.title, bold=True)
        board.text(advice, Box(below.x + 48, below.y + 56 + title_h, below.w - 96, advice_h), size=size)
