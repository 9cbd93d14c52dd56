"""The queue number, huge; how many are ahead, how long, where to go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kiosk import form_texts
from kiosk.service_screens import QueueTicket
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body

_GAP = 28.0
_LINE = 1.45  # of the font: line height by its size


class QueueTicketBody(Body):
    screen: QueueTicket

    def actions(self) -> Sequence[Action]:
        return (Action("primary", form_texts.TICKET_KNOWN, partial(self.host.answer, None)),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        screen = self.screen
        window = board.say(screen.window)
        window_h = max(188.0, board.text_height(window, box.w - 220, kinds.question, True) + kinds.body * 1.5 + 56)
        ahead = board.say(form_texts.AHEAD.format(count=screen.ahead) if screen.ahead else form_texts.NOBODY_AHEAD)
        wait = board.say(form_texts.WAIT_ABOUT.format(time=screen.wait)) if screen.wait else ""
        lines = [("users-round", ahead), *([("hourglass", wait)] if wait else [])]
        line_h = max(board.text_height(words, box.w - 200, kinds.title, True) for _, words in lines) + 36
        rest = len(lines) * line_h + 24
        top = Box(box.x, box.y, box.w, max(330.0, min(620.0, box.h - window_h - rest - 2 * _GAP)))
        self._number(board, top)
        place = Box(box.x, top.bottom + _GAP, box.w, window_h)
        board.rounded(place, c.tint, line=c.primary, stroke=4)
        board.icon("map-pin", place.x + 96, place.y + place.h / 2, 100, c.on_tint)
        small_h, body_h = kinds.body * 1.5, board.text_height(window, place.w - 220, kinds.question, True)
        y = place.y + (place.h - small_h - body_h) / 2
        first = Box(place.x + 188, y, place.w - 220, small_h)
        board.text(board.say(form_texts.GO_TO), first, size=kinds.body, colour=c.on_tint)
        board.text(
            window,
            Box(place.x + 188, y + small_h, place.w - 220, body_h),
            size=kinds.question,
            bold=True,
            colour=c.on_tint,
        )
        card = Box(box.x, place.bottom + _GAP, box.w, rest)
        board.card(card)
        y = card.y + 12
        for number, (icon, words) in enumerate(lines):
            if number:
                board.rule(card.x + 44, y, card.w - 88)
            board.icon(icon, card.x + 92, y + line_h / 2, 60, c.on_tint)
            room = Box(card.x + 160, y, card.w - 200, line_h)
            board.text(words, room, size=kinds.title, bold=True, valign="middle")
            y += line_h
        spot = max(box.y, reach)
        board.target("anywhere", Box(box.x, spot, box.w, box.bottom - spot), partial(self.host.answer, None))

    def _number(self, board: Board, card: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        board.rounded(card, c.primary)
        matter = board.say(self.screen.matter)
        matter_h = board.text_height(matter, card.w - 96, kinds.title, True)
        small_h = kinds.body * 1.5
        size = min(270.0, (card.h - matter_h - small_h - 64) / _LINE)
        while board.measure(self.screen.number, size, True) > card.w - 96:
            size -= 8
        used = small_h + size * _LINE + matter_h
        y = card.y + (card.h - used) / 2
        board.text(
            board.say(form_texts.YOUR_NUMBER),
            Box(card.x + 48, y, card.w - 96, small_h),
            size=kinds.body,
            colour=c.on_primary,
            align="center",
        )
        board.text(
            self.screen.number,
            Box(card.x + 48, y + small_h, card.w - 96, size * _LINE),
            size=size,
            bold=True,
            colour=c.on_primary,
            align="center",
            valign="middle",
            wrap=False,
        )
        board.text(
            matter,
            Box(card.x + 48, y + small_h + size * _LINE, card.w - 96, matter_h),
            size=kinds.title,
            bold=True,
            colour=c.on_primary,
            align="center",
        )
