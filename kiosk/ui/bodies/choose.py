"""One of several: large cards, one a row, paged when they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kiosk import texts
from kiosk.screens import Choice, Choose
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, note, note_height


class ChooseBody(Body):
    screen: Choose

    def _tap(self, choice: Choice) -> Callable[[], None]:
        if choice.unavailable is not None:
            title = texts.NOT_NOW_TITLE.format(title=choice.label)
            return partial(self.host.notice, title, choice.unavailable, "info")
        return partial(self.host.answer, choice.value)

    def build(self, board: Board, box: Box, reach: float) -> None:
        gap, bar_h = 32.0, 96.0
        words = board.say(self.screen.note) if self.screen.note else ""
        note_h = note_height(board, words, box.w, icon=True) + 24 if words else 0.0
        top = max(box.y, reach)
        area = Box(box.x, top, box.w, box.bottom - top - note_h)
        least = 208.0 if board.frame.prefs.large else 168.0
        count = max(1, int((area.h + gap) // (least + gap)))
        paged = len(self.screen.choices) > count
        if paged:
            count = max(1, int((area.h - bar_h) // (least + gap)))
        pages = [self.screen.choices[i : i + count] for i in range(0, len(self.screen.choices), count)]
        number = self.page(len(pages))
        shown = pages[number]
        room = area.h - (bar_h + gap if paged else 0)
        row_h = min(
            304.0 if len(shown) < 4 else 224.0,
            (room - gap * (count - 1 if paged else len(shown) - 1)) / (count if paged else len(shown)),
        )
        y = area.y
        for choice in shown:
            self._card(board, choice, Box(area.x, y, area.w, row_h))
            y += row_h + gap
        if paged:
            self.pager(board, Box(area.x, area.bottom - bar_h, area.w, bar_h), number, len(pages))
            y = area.bottom + gap
        if words:
            note(board, words, Box(box.x, y, box.w, note_h), icon="info")

    def _card(self, board: Board, choice: Choice, box: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        off = choice.unavailable is not None
        ink, blue = (c.on_disabled, c.on_disabled) if off else (c.ink, c.on_tint)
        board.rounded(box, c.disabled if off else c.surface, line=c.line if off else c.primary, stroke=3)
        x = box.x + 48
        if choice.icon:
            side = min(148.0, box.h - 72)
            board.rounded(Box(box.x + 32, box.y + (box.h - side) / 2, side, side), c.neutral if off else c.tint)
            board.icon(choice.icon, box.x + 32 + side / 2, box.y + box.h / 2, side * 0.54, blue)
            x = box.x + 32 + side + 32
        width = box.right - x - 104
        hint = board.say(choice.unavailable or choice.hint) if (choice.unavailable or choice.hint) else ""
        label = board.say(choice.label)
        label_h = board.text_height(label, width, kinds.title, True)
        hint_h = board.text_height(hint, width, kinds.small) if hint else 0.0
        top = box.y + (box.h - label_h - hint_h) / 2
        board.text(label, Box(x, top, width, label_h), size=kinds.title, bold=True, colour=ink)
        if hint:
            board.text(
                hint,
                Box(x, top + label_h - 2, width, hint_h + 2),
                size=kinds.small,
                colour=ink if off else c.muted,
            )
        board.icon("info" if off else "chevron-right", box.right - 60, box.y + box.h / 2, 52, blue)
        board.target(f"choice:{choice.value}", box, self._tap(choice), enabled=not off)
