"""The guide: the key points first, all ten open elements on request; print it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from content.schema.text import Text
from kiosk import texts
from kiosk.screens import Entry, Guide, GuideAnswer
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, EntryTable

_NUMBERS = "零一二三四五六七八九十"


class GuideBody(Body):
    screen: Guide

    def actions(self) -> Sequence[Action]:
        return (Action("primary", texts.START, partial(self.host.answer, GuideAnswer.START)),)

    def _flip(self, name: str) -> None:
        self.state[name] = not self.state.get(name, False)
        self.state["page"] = 0
        self.host.redraw()

    def build(self, board: Board, box: Box, reach: float) -> None:
        bar_h = 100.0 if not board.frame.prefs.large else 124.0
        every, key = self.screen.entries, self.screen.key_labels
        shown = [e for e in every if e.label.zh in key] or list(every)
        can_unfold = len(shown) < len(every)
        if self.state.get("all"):
            shown = list(every)
        bar = Box(box.x, box.bottom - bar_h, box.w, bar_h)
        area = Box(box.x, box.y, box.w, box.h - bar_h - 32)
        self._table(board, area, shown)
        self._bar(board, bar, can_unfold)

    def _table(self, board: Board, area: Box, shown: list[Entry]) -> None:
        EntryTable.fitting(board, shown, area).show(self, shown, area)

    def _bar(self, board: Board, bar: Box, can_unfold: bool) -> None:
        buttons: list[tuple[str, Text, str, partial]] = []
        if self.screen.can_print:
            answer = partial(self.host.answer, GuideAnswer.PRINT)
            buttons.append(("print-guide", texts.PRINT_GUIDE, "printer", answer))
        if can_unfold:
            count = len(self.screen.entries)
            number = Text(_NUMBERS[count] if count <= 10 else str(count), str(count))
            label = texts.KEY_ELEMENTS if self.state.get("all") else texts.ALL_ELEMENTS.format(count=number)
            buttons.append(("all-elements", label, "list", partial(self._flip, "all")))
        if not buttons:
            return
        size = board.frame.prefs.type.body - 2
        for cell, (touch_id, label, icon, tap) in zip(bar.columns(len(buttons), 32), buttons, strict=True):
            board.button(touch_id, board.say(label), cell, tap, kind="outline", icon=icon, size=size)
