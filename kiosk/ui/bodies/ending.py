"""How a session ends: more time?, goodbye; and a terminal that cannot serve."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from kivy.graphics import Color, Line

from kiosk import texts
from kiosk.screens import Goodbye, MoreTime, OutOfService
from kiosk.ui.board import Board, Box, rgb
from kiosk.ui.bodies.base import Action, Body
from kiosk.ui.panels import SHEET_WIDTH, sheet


class GoodbyeBody(Body):
    screen: Goodbye

    def actions(self) -> Sequence[Action]:
        return (Action("primary", texts.SEARCH_CLOSE, partial(self.host.answer, None)),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        size = kinds.title
        width = box.w - 240
        heights = [max(board.text_height(board.say(r), width, size, True) + 64, 176.0) for r in self.screen.reminders]
        y = box.y
        for number, (reminder, height) in enumerate(zip(self.screen.reminders, heights, strict=True), start=1):
            card = Box(box.x, y, box.w, height)
            board.card(card)
            board.circle(card.x + 92, card.y + height / 2, 44, c.tint, c.line if c.heavy_lines else None)
            board.text(
                str(number),
                Box(card.x + 48, card.y, 88, height),
                size=kinds.title,
                bold=True,
                colour=c.on_tint,
                align="center",
                valign="middle",
            )
            board.text(
                board.say(reminder), Box(card.x + 172, card.y, width, height), size=size, bold=True, valign="middle"
            )
            y += height + 28
        words = board.say(texts.TOUCH_TO_END)
        board.text(words, Box(box.x, y + 12, box.w, 80), size=kinds.body, colour=c.muted)
        # Anywhere ends it; drawn first in reach of a finger, below the button in order.
        board.target(
            "anywhere",
            Box(box.x, max(box.y, reach), box.w, box.bottom - max(box.y, reach)),
            partial(self.host.answer, None),
        )


class MoreTimeBody(Body):
    """Drawn as a sheet over the screen below."""

    screen: MoreTime

    def build_over(self, board: Board) -> None:
        kinds = board.frame.prefs.type
        question, words = board.say(self.screen.question), board.say(texts.MORE_TIME_LEFT)
        question_h = board.text_height(question, SHEET_WIDTH, kinds.question, True)
        words_h = board.text_height(words, SHEET_WIDTH, kinds.body)
        ring, button_h = 260.0, 148.0
        inner = sheet(board, 104 + question_h + 32 + ring + 32 + words_h + 40 + button_h)
        board.text(question, Box(inner.x, inner.y, inner.w, question_h), size=kinds.question, bold=True, align="center")
        y = inner.y + question_h + 32
        self._ring = Box(inner.x + (inner.w - ring) / 2, y, ring, ring)
        self._ring_board = board.sub()
        y += ring + 32
        board.text(words, Box(inner.x, y, inner.w, words_h), size=kinds.body, colour=board.c.muted, align="center")
        bar = Box(inner.x, inner.bottom - button_h, inner.w, button_h)
        end = Box(bar.x, bar.y, bar.w * 0.36, bar.h)
        more = Box(end.right + 28, bar.y, bar.right - end.right - 28, bar.h)
        board.button(
            "end", board.say(texts.END_NOW), end, partial(self.host.answer, False), kind="neutral", size=kinds.title
        )
        board.button(
            "more-time",
            board.say(texts.NEED_MORE_TIME),
            more,
            partial(self.host.answer, True),
            kind="primary",
            size=kinds.title,
        )
        self.state.setdefault("deadline", time.monotonic() + self.screen.seconds)
        self._shown = -1
        self._count()
        self.every(0.25, self._count)

    def _count(self) -> None:
        left = max(0, round(self.state["deadline"] - time.monotonic()))
        if left == self._shown:
            return
        self._shown = left
        board, box = self._ring_board, self._ring
        board.wipe()
        c = board.c
        x, y, w, _ = board.frame.place(box)
        share = left / self.screen.seconds if self.screen.seconds else 0.0
        centre, radius = (x + w / 2, y + w / 2), w / 2 - board.frame.px(12)
        with board.canvas:
            Color(*rgb(c.tint if not c.heavy_lines else c.disabled))
            Line(circle=(*centre, radius), width=board.frame.px(11), cap="none")
            Color(*rgb(c.primary))
            if share > 0:
                Line(circle=(*centre, radius, 360 * (1 - share), 360), width=board.frame.px(11), cap="none")
        board.text(str(left), box, size=100, bold=True, align="center", valign="middle")


class OutOfServiceBody(Body):
    screen: OutOfService

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        reason = board.say(self.screen.reason)
        help_ = board.say(texts.OUT_OF_SERVICE_HELP.format(number=self.host.hotline))
        width = box.w - 160
        reason_h = board.text_height(reason, width, kinds.title)
        help_h = board.text_height(help_, width, kinds.body, True)
        card = Box(box.x, box.y, box.w, 340 + reason_h + 40 + help_h + 80)
        board.card(card)
        board.circle(card.x + card.w / 2, card.y + 176, 104, c.warning_tint, c.line if c.heavy_lines else None)
        board.icon("wrench", card.x + card.w / 2, card.y + 176, 108, c.warning_ink)
        y = card.y + 336
        board.text(reason, Box(card.x + 80, y, width, reason_h), size=kinds.title, align="center")
        board.text(
            help_,
            Box(card.x + 80, y + reason_h + 40, width, help_h),
            size=kinds.body,
            bold=True,
            colour=c.on_tint,
            align="center",
        )
