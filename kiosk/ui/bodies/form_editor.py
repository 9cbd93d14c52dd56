"""What the editors of a form's fields have in common: what is said about the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from content.schema.text import Text
from kiosk.service_screens import FieldKind, FormEntry
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import banner, banner_height
from kiosk.ui.keyboards import figures

if TYPE_CHECKING:
    from kiosk.ui.bodies.form import FormBody

GAP = 28.0


class Editor:
    def __init__(self, form: FormBody, field: FormEntry) -> None:
        self.form = form
        self.field = field
        self.state = form.state

    def build(self, board: Board, box: Box, reach: float) -> None:
        raise NotImplementedError

    def message_room(self, board: Board, width: float) -> float:
        """Kept free for what is said about the value, so that the keys stand still while it changes: two lines."""
        kinds = board.frame.prefs.type
        hint = board.text_height(board.say(self.field.hint), width, kinds.body) if self.field.hint else 0.0
        return max(hint, 2 * 1.45 * (kinds.small if board.frame.prefs.large else kinds.body) + 48)

    def fault(self) -> tuple[Text, bool] | None:
        """What is wrong, and whether it is a reproach: not while the value is still being written."""
        blamed = self.state.get("blamed") == self.field.name
        value = self.form.values[self.field.name]
        if not blamed and not value:
            return None
        fault = self.form.fault(self.field)
        if fault is None:
            return None
        if not blamed and self.field.kind in figures.FIGURES:
            draft = figures.draft_of(self.field, value)
            places = self.field.kind is not FieldKind.AMOUNT
            if places and len(draft) < figures.length(self.field):
                return None  # the places still empty are seen
        return fault, blamed

    def said(self, board: Board, width: float) -> float:
        """Height of what is said about the value now, never more than what is kept free for it."""
        room = self.message_room(board, width)
        if fault := self.fault():
            return banner_height(board, board.say(fault[0]), width, self._banner_size(board, fault[0], width, room))
        hint = self.hint()
        return board.text_height(board.say(hint), width, board.frame.prefs.type.body) if hint else 0.0

    def _banner_size(self, board: Board, words: Text, width: float, room: float) -> float:
        size = float(board.frame.prefs.type.body)
        while banner_height(board, board.say(words), width, size) > room and size > 28:
            size -= 2
        return size

    def message(self, board: Board, box: Box) -> None:
        """The fault, else the hint."""
        fault = self.fault()
        if fault is not None:
            words, blamed = fault
            tone, icon = ("problem", "circle-alert") if blamed else ("hint", "info")
            size = self._banner_size(board, words, box.w, self.message_room(board, box.w))
            banner(board, board.say(words), Box(box.x, box.y, box.w, 0), tone=tone, icon=icon, size=size)
        elif hint := self.hint():
            board.text(board.say(hint), box, size=board.frame.prefs.type.body, colour=board.c.muted)

    def hint(self) -> Text | None:
        return self.field.hint
