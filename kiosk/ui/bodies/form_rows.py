"""One field as a row: its name, its value, where that comes from, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import FieldKind, FormEntry
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Tap
from kiosk.ui.keyboards import figures

if TYPE_CHECKING:
    from kiosk.ui.bodies.form import FormBody

_PAD = 32.0
_SIGN = 88.0  # what stands at the right: a pencil, a lock
_MOST_LINES = 3
_DOTS = "●●●●●●"
_ICONS = {
    FieldKind.DATE: "calendar-days",
    FieldKind.CHOICE: "chevron-right",
    FieldKind.CHOICES: "chevron-right",
    FieldKind.STATEMENT: "chevron-right",
}


def value_shown(field: FormEntry, value: str) -> Text:
    """A value as it is read; empty for none."""
    if not value:
        return Text.same("")
    if field.kind in figures.FIGURES:
        return figures.shown(field, value)
    if field.kind is FieldKind.STATEMENT:
        return form_texts.AGREED if value == "yes" else Text.same("")
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        labels = [choice.label for choice in field.choices if choice.value in value.split(" ")]
        return Text("、".join(label.zh for label in labels), ", ".join(label.en or label.zh for label in labels))
    return Text.same(value)


@dataclass(frozen=True)
class Row:
    """A measured row."""

    field: FormEntry
    label: str
    value: str
    empty: str  # what stands there instead of a value
    badge: str
    beside: bool  # the badge stands beside the label, not below the value
    wrong: bool
    fault: str  # below the value
    label_h: float
    value_h: float
    fault_h: float
    height: float

    @classmethod
    def of(cls, board: Board, form: FormBody, field: FormEntry, width: float, pad: float) -> Row:
        kinds = board.frame.prefs.type
        inner = width - 2 * _PAD - _SIGN
        required = field.required or field.locked or field.kind is FieldKind.STATEMENT
        label = board.say(field.label if required else form_texts.OPTIONAL.format(label=field.label))
        raw = form.values[field.name]
        value = _DOTS if field.private and raw else board.say(value_shown(field, raw))
        fault = form.blames(field)
        words = board.say(fault) if fault and value else ""
        badge = board.say(field.source) if field.source and raw == field.value and raw else ""
        beside = _badge_width(board, badge) + board.measure(label, kinds.small, True) + 24 <= inner if badge else True
        label_w = inner - (_badge_width(board, badge) + 24 if badge and beside else 0)
        label_h = board.text_height(label, label_w, kinds.small, True)
        empty = "" if value else board.say(fault or _empty_words(field))
        value = _shortened(board, value, inner)
        value_h = board.text_height(value or empty, inner, kinds.body + 4, bool(value))
        fault_h = board.text_height(words, inner - kinds.small * 1.5, kinds.small, True) + 8 if words else 0.0
        height = pad + label_h + value_h + fault_h + (0 if beside else _badge_height(board) + 8)
        wrong = fault is not None
        return cls(field, label, value, empty, badge, beside, wrong, words, label_h, value_h, fault_h, height)

    def draw(self, board: Board, box: Box, tap: Tap) -> None:
        c, kinds = board.c, board.frame.prefs.type
        wrong, locked = self.wrong, self.field.locked
        line = c.danger_ink if wrong else c.line if locked or self.value else c.primary
        board.rounded(box, c.neutral if locked else c.surface, line=line, stroke=4 if wrong else 3)
        x, inner = box.x + _PAD, box.w - 2 * _PAD - _SIGN
        used = self.label_h + self.value_h + self.fault_h + (0 if self.beside else _badge_height(board) + 8)
        y = box.y + (box.h - used) / 2
        badge_w = _badge_width(board, self.badge) if self.badge else 0.0
        label_w = inner - (badge_w + 24 if self.badge and self.beside else 0)
        ink = c.muted if locked else c.on_tint
        board.text(self.label, Box(x, y, label_w, self.label_h), size=kinds.small, bold=True, colour=ink)
        if self.badge and self.beside:
            _badge(board, self.badge, Box(x + inner - badge_w, y, badge_w, _badge_height(board)))
        y += self.label_h
        board.text(
            self.value or self.empty,
            Box(x, y, inner, self.value_h),
            size=kinds.body + 4,
            bold=bool(self.value),
            colour=c.ink if self.value else c.danger_ink if wrong else c.muted,
        )
        y += self.value_h
        if self.fault:
            size = kinds.small
            board.icon("circle-alert", x + size * 0.6, y + 8 + size * 0.74, size * 1.2, c.danger_ink)
            room = Box(x + size * 1.5, y + 8, inner - size * 1.5, self.fault_h - 8)
            board.text(self.fault, room, size=size, bold=True, colour=c.danger_ink)
            y += self.fault_h
        if self.badge and not self.beside:
            _badge(board, self.badge, Box(x, y + 8, badge_w, _badge_height(board)))
        self._sign(board, box)
        board.target(f"field:{self.field.name}", box, tap)

    def _sign(self, board: Board, box: Box) -> None:
        c = board.c
        cx, cy = box.right - _PAD - 36, box.y + box.h / 2
        if self.field.locked:
            board.icon("lock", cx, cy, 48, c.muted)
            return
        if self.wrong and not self.value:
            board.circle(cx, cy, 38, c.danger_tint, c.line if c.heavy_lines else None)
            board.icon("circle-alert", cx, cy, 44, c.danger_ink)
            return
        ticked = self.field.kind is FieldKind.STATEMENT and bool(self.value)
        icon = "circle-check" if ticked else _ICONS.get(self.field.kind, "pencil")
        board.circle(cx, cy, 38, c.tint, c.line if c.heavy_lines else None)
        board.icon(icon, cx, cy, 40, c.success_ink if ticked else c.on_tint)


def _shortened(board: Board, value: str, width: float) -> str:
    """A long text as its beginning: all of it is seen when it is touched."""
    lines = board.wrap(value, width, board.frame.prefs.type.body + 4, True)
    if len(lines) <= _MOST_LINES:
        return value
    return "\n".join([*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][:-2] + "…"])


def _empty_words(field: FormEntry) -> Text:
    return {
        FieldKind.CHOICE: form_texts.TOUCH_TO_CHOOSE,
        FieldKind.CHOICES: form_texts.TOUCH_TO_CHOOSE,
        FieldKind.STATEMENT: form_texts.TOUCH_TO_READ,
    }.get(field.kind, form_texts.TOUCH_TO_FILL)


def _badge_height(board: Board) -> float:
    return board.frame.prefs.type.small * 1.5


def _badge_width(board: Board, words: str) -> float:
    size = board.frame.prefs.type.small
    return board.measure(words, size) + size * 1.4 + 40


def _badge(board: Board, words: str, box: Box) -> None:
    """Where a prefilled value comes from."""
    c, size = board.c, board.frame.prefs.type.small
    board.rounded(box, c.success_tint, radius=box.h / 2, line=c.line if c.heavy_lines else None)
    board.icon("badge-check", box.x + 18 + size * 0.55, box.y + box.h / 2, size * 1.1, c.success_ink)
    room = Box(box.x + 18 + size * 1.4, box.y, box.w - size * 1.4 - 30, box.h)
    board.text(words, room, size=size, colour=c.success_ink, valign="middle", wrap=False)
