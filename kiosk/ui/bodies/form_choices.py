"""Filling in a field by touching: one choice, several, a statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from content.schema.text import Text
from kiosk import form_texts, texts
from kiosk.screens import Choice
from kiosk.service_screens import FieldKind
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import banner
from kiosk.ui.bodies.form_editor import GAP, Editor


class ChoiceEditor(Editor):
    """One of several, or several of them: a touch chooses, 下一项 goes on, so that a trembling finger does no harm."""

    def _tap(self, choice: Choice) -> None:
        if choice.unavailable is not None:
            title = texts.NOT_NOW_TITLE.format(title=choice.label)
            self.form.host.notice(title, choice.unavailable, "info")
            return
        chosen = self._chosen()
        if self.field.kind is FieldKind.CHOICE:
            chosen = [choice.value]
        elif choice.value in chosen:
            chosen.remove(choice.value)
        else:
            chosen.append(choice.value)
        order = [c.value for c in self.field.choices if c.value in chosen]
        self.form.set_value(self.field.name, " ".join(order))
        self.state["blamed"] = None
        self.form.host.redraw()

    def _chosen(self) -> list[str]:
        return self.form.values[self.field.name].split()

    def hint(self) -> Text | None:
        chosen = len(self._chosen())
        if self.field.kind is FieldKind.CHOICE or (self.field.hint and not chosen):
            return self.field.hint
        return form_texts.CHOSEN_COUNT.format(count=chosen)

    def _message_height(self, board: Board, width: float) -> float:
        """Of what is said above the choices; once a fault was shown there its room is kept, so that no choice moves
        below a finger."""
        if self.fault() is not None:
            self.state["kept"] = self.message_room(board, width)
        if kept := self.state.get("kept"):
            return kept
        hint = self.hint()
        return board.text_height(board.say(hint), width, board.frame.prefs.type.body) if hint else 0.0

    def _columns(self, board: Board, width: float) -> int:
        """Short choices stand beside each other."""
        kinds = board.frame.prefs.type
        if any(c.hint or c.unavailable for c in self.field.choices):
            return 1
        widest = max(board.measure(board.say(c.label), kinds.body + 4, True) for c in self.field.choices) + 160
        count = len(self.field.choices)
        fitting = max(1, int((width + GAP) // (widest + GAP)))
        return min(fitting, 1 if count < 5 else 2 if count < 13 else 3)

    def build(self, board: Board, box: Box, reach: float) -> None:
        y = box.y
        if message_h := self._message_height(board, box.w):
            self.message(board, Box(box.x, y, box.w, message_h))
            y += message_h + GAP
        area = Box(box.x, max(y, reach), box.w, box.bottom - max(y, reach))
        columns = self._columns(board, area.w)
        row_h = self._row_height(board, (area.w - GAP * (columns - 1)) / columns)
        bar_h = 92.0
        choices = self.field.choices
        rows = max(1, int((area.h + GAP) // (row_h + GAP)))
        paged = len(choices) > rows * columns
        if paged:
            rows = max(1, int((area.h - bar_h) // (row_h + GAP)))
        count = rows * columns
        pages = [choices[i : i + count] for i in range(0, len(choices), count)]
        chosen = self._chosen()
        first = (at for at, page in enumerate(pages) if any(choice.value in chosen for choice in page))
        self.state.setdefault("page", next(first, 0))
        number = self.form.page(len(pages))
        if not paged:
            rows = -(-len(choices) // columns)
            row_h = max(row_h, min(row_h + 44, (area.h + GAP) / rows - GAP))
        self._cards(board, Box(area.x, area.y, area.w, rows * (row_h + GAP) - GAP), pages[number], rows, columns)
        if paged:
            self.form.pager(board, Box(area.x, area.bottom - bar_h, area.w, bar_h), number, len(pages))

    def _row_height(self, board: Board, width: float) -> float:
        kinds = board.frame.prefs.type
        room = width - 148
        heights = []
        for choice in self.field.choices:
            hint = choice.unavailable or choice.hint
            label_h = board.text_height(board.say(choice.label), room, kinds.body + 4, True)
            heights.append(label_h + (board.text_height(board.say(hint), room, kinds.small) if hint else 0) + 44)
        return max(108.0, *heights)

    def _cards(self, board: Board, area: Box, choices: Sequence[Choice], rows: int, columns: int) -> None:
        cells = area.grid(columns, rows, GAP)
        chosen = self._chosen()
        for cell, choice in zip(cells, choices, strict=False):
            self._card(board, cell, choice, choice.value in chosen)

    def _card(self, board: Board, box: Box, choice: Choice, on: bool) -> None:
        c, kinds = board.c, board.frame.prefs.type
        off = choice.unavailable is not None
        fill = c.disabled if off else c.tint if on else c.surface
        board.rounded(box, fill, line=c.primary if on else c.line, stroke=5 if on else 3)
        several = self.field.kind is FieldKind.CHOICES
        icon = ("square-check-big" if on else "square") if several else ("circle-check-big" if on else "circle")
        ink = c.on_disabled if off else c.ink
        board.icon("info" if off else icon, box.x + 64, box.y + box.h / 2, 56, c.on_tint if on else c.muted)
        room = box.w - 148
        label = board.say(choice.label)
        hint = board.say(choice.unavailable or choice.hint) if choice.unavailable or choice.hint else ""
        label_h = board.text_height(label, room, kinds.body + 4, True)
        hint_h = board.text_height(hint, room, kinds.small) if hint else 0.0
        y = box.y + (box.h - label_h - hint_h) / 2
        board.text(label, Box(box.x + 120, y, room, label_h), size=kinds.body + 4, bold=True, colour=ink)
        if hint:
            board.text(
                hint,
                Box(box.x + 120, y + label_h - 2, room, hint_h + 2),
                size=kinds.small,
                colour=ink if off else c.muted,
            )
        board.target(f"choice:{choice.value}", box, partial(self._tap, choice), enabled=not off)


class StatementEditor(Editor):
    """Something to be declared: the whole text, and one large place to agree to it."""

    def _flip(self) -> None:
        agreed = self.form.values[self.field.name] == "yes"
        self.form.set_value(self.field.name, "no" if agreed else "yes")
        self.state["blamed"] = None
        self.form.host.redraw()

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        agreed = self.form.values[self.field.name] == "yes"
        words = board.say(form_texts.I_AGREE)
        agree_h = max(144.0, board.text_height(words, box.w - 176, kinds.title, True) + 56)
        blamed = self.state.get("blamed") == self.field.name and not agreed
        y = box.y
        if blamed:
            y += banner(
                board, board.say(form_texts.NOT_AGREED), Box(box.x, y, box.w, 0), tone="problem", icon="circle-alert"
            )
            y += GAP
        agree = Box(box.x, box.bottom - agree_h, box.w, agree_h)
        card = Box(box.x, y, box.w, agree.y - GAP - y)
        self._text(board, card)
        fill = c.tint if agreed else c.surface
        line = c.danger_ink if blamed else c.primary
        board.rounded(agree, fill, line=line, stroke=5 if agreed else 4)
        icon = "square-check-big" if agreed else "square"
        board.icon(icon, agree.x + 88, agree.y + agree.h / 2, 76, c.on_tint)
        room = Box(agree.x + 160, agree.y, agree.w - 176, agree.h)
        board.text(words, room, size=kinds.title, bold=True, colour=c.on_tint, valign="middle")
        board.target("agree", agree, self._flip)

    def _text(self, board: Board, card: Box) -> None:
        """On pages when it is long."""
        kinds = board.frame.prefs.type
        statement = board.say(self.field.statement or self.field.label)
        inner, bar_h = card.inset(44, 36), 92.0
        size = float(kinds.title)
        while size > kinds.body and board.text_height(statement, inner.w, size) > inner.h:
            size -= 2
        lines = board.wrap(statement, inner.w, size)
        line_h = board.text_height("国", inner.w, size)
        fit = max(1, int(inner.h // line_h))
        if len(lines) <= fit:
            board.card(card)
            board.text("\n".join(lines), inner, size=size, wrap=False)
            return
        fit = max(1, int((inner.h - bar_h - GAP) // line_h))
        pages = [lines[i : i + fit] for i in range(0, len(lines), fit)]
        number = self.form.page(len(pages))
        board.card(Box(card.x, card.y, card.w, card.h - bar_h - GAP))
        board.text("\n".join(pages[number]), Box(inner.x, inner.y, inner.w, fit * line_h + 4), size=size, wrap=False)
        self.form.pager(board, Box(card.x, card.bottom - bar_h, card.w, bar_h), number, len(pages))
