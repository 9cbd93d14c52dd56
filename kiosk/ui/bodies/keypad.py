"""Digits on a large keypad: account number, SMS code, PIN."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kiosk import texts
from kiosk.screens import RESEND, Keypad
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, banner

_KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")


def grouped(digits: str, group: int) -> list[str]:
    return [digits[i : i + group] for i in range(0, len(digits), max(1, group))]


class KeypadBody(Body):
    screen: Keypad

    @property
    def digits(self) -> str:
        return str(self.state.get("digits", self.screen.value))

    def complete(self) -> bool:
        return self.screen.min_length <= len(self.digits) <= self.screen.max_length

    def actions(self) -> Sequence[Action]:
        return (Action("primary", texts.CONFIRM, self._confirm if self.complete() else None),)

    def _confirm(self) -> None:
        if self.complete():
            self.host.answer(self.digits)

    def _set(self, digits: str) -> None:
        before = self.complete()
        self.state["digits"] = digits[: self.screen.max_length]
        self._display()
        if self.complete() != before:
            self.host.redraw_actions()

    def _press(self, key: str) -> None:
        if len(self.digits) < self.screen.max_length:
            self._set(self.digits + key)

    def _delete(self) -> None:
        self._set(self.digits[:-1])

    def _clear(self) -> None:
        self._set("")

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds = board.frame.prefs.type
        y = box.y
        hint = board.say(self.screen.hint)
        if self.screen.error is not None:
            y += banner(
                board, board.say(self.screen.error), Box(box.x, y, box.w, 0), tone="problem", icon="circle-alert"
            )
        else:
            y += board.text(
                hint,
                Box(box.x, y, box.w, board.text_height(hint, box.w, kinds.body)),
                size=kinds.body,
                colour=board.c.muted,
            )
        y += 24
        field_h = 196.0 if not board.frame.prefs.large else 224.0
        self._field = Box(box.x, y, box.w, field_h)
        self._field_board = board.sub()
        self._display()
        y += field_h + 32
        side_h = 0.0
        if self.screen.can_scan or self.screen.resend:
            side_h = 100.0
            row = Box(box.x, y, box.w, side_h)
            if reach and self.screen.resend:
                row = Box(box.x, max(y, reach), box.w, side_h)
                y = row.y
            self._side(board, row)
            y += side_h + 32
        y = max(y, reach)
        area = Box(box.x, y, box.w, box.bottom - y)
        self._keys(board, area)

    def _side(self, board: Board, row: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        right = row.right
        if self.screen.resend:
            label = board.say(texts.RESEND_CODE)
            width = board.measure(label, kinds.body, True) + 130 if self.screen.can_scan else row.w
            width = min(width, row.w)
            answer = partial(self.host.answer, RESEND)
            box = Box(right - width, row.y, width, row.h)
            board.button("resend", label, box, answer, kind="outline", icon="rotate-cw", size=kinds.body)
            right -= width + 24
        if self.screen.can_scan:
            box = Box(row.x, row.y, right - row.x, row.h)
            board.rounded(box, c.tint)
            board.icon("scan-barcode", box.x + 60, box.y + row.h / 2, 56, c.on_tint)
            words = board.say(texts.SCAN_INSTEAD)
            size = float(kinds.body)
            while size > kinds.small and len(board.wrap(words, box.w - 140, size)) > 1:
                size -= 1
            board.text(words, Box(box.x + 112, box.y, box.w - 136, box.h), size=size, colour=c.on_tint, valign="middle")

    def _display(self) -> None:
        """What has been typed, in groups; the empty places as a thin line, so that the length is seen."""
        board, box = self._field_board, self._field
        board.wipe()
        c, kinds = board.c, board.frame.prefs.type
        error = self.screen.error is not None and self.digits == self.screen.value
        board.rounded(box, c.surface, line=c.danger_ink if error else c.primary, stroke=4)
        label = board.say(self.screen.label)
        left = self.screen.min_length - len(self.digits)
        state = texts.DIGITS_LEFT.format(count=left) if left > 0 else texts.DIGITS_COMPLETE
        line_h = kinds.small * 1.5
        half = (box.w - 72) / 2
        board.text(label, Box(box.x + 36, box.y + 20, half, line_h), size=kinds.small, bold=True, colour=c.on_tint)
        board.text(
            board.say(state),
            Box(box.x + 36 + half, box.y + 20, half, line_h),
            size=kinds.small,
            colour=c.muted if left > 0 else c.success_ink,
            align="right",
        )
        self._places(board, Box(box.x + 36, box.y + 20 + line_h, box.w - 72, box.h - 40 - line_h))

    def _places(self, board: Board, row: Box) -> None:
        c = board.c
        total, group = self.screen.max_length, self.screen.group
        gaps = (total - 1) // group
        pitch = min(76.0, (row.w - gaps * 34) / total)
        gap = min(40.0, max(14.0, (row.w - total * pitch) / max(1, gaps))) if gaps else 0
        x = row.x + (row.w - total * pitch - gaps * gap) / 2
        size = min(72.0, pitch * 1.15)
        middle = row.y + row.h / 2
        for number in range(total):
            if number and number % group == 0:
                x += gap
            if number < len(self.digits):
                if self.screen.secret:
                    board.circle(x + pitch / 2, middle, pitch * 0.2, c.ink)
                else:
                    board.text(
                        self.digits[number],
                        Box(x - 8, middle - size * 0.75, pitch + 16, size * 1.5),
                        size=size,
                        bold=True,
                        align="center",
                        valign="middle",
                        wrap=False,
                    )
            current = number == len(self.digits)
            thickness = 6 if current else 4
            line = c.primary if current or number < len(self.digits) else c.muted
            board.rect(Box(x + 6, row.bottom - 10, pitch - 12, thickness), line)
            x += pitch

    def _keys(self, board: Board, area: Box) -> None:
        kinds = board.frame.prefs.type
        size = kinds.question + 4
        cells = area.grid(3, 4, 32)
        for cell, key in zip(cells, _KEYS, strict=False):
            board.button(f"key:{key}", key, cell, partial(self._press, key), kind="key", size=size)
        board.button("key:clear", board.say(texts.CLEAR), cells[9], self._clear, kind="tint", size=kinds.title - 4)
        board.button("key:0", "0", cells[10], partial(self._press, "0"), kind="key", size=size)
        board.button(
            "key:delete",
            board.say(texts.DELETE),
            cells[11],
            self._delete,
            kind="tint",
            icon="delete",
            size=kinds.title - 4,
        )
