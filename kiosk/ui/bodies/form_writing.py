"""Filling in a field by keys: figures on the large keypad, words with the letter keys."""

from __future__ import annotations

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import FieldKind
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.form_editor import GAP, Editor
from kiosk.ui.keyboards import figures, layout
from kiosk.ui.keyboards.words import Keys, Writing

_HIGHEST_KEY = 108.0
_LONG = 60  # characters: a story, not a name
_TWO_ROWS = 2 * 88 + layout.GAP + layout.keys_height(84)  # room for two rows of candidates above keys large enough


class FiguresEditor(Editor):
    """Digits, a date, an amount, an identity number on the large keypad."""

    @property
    def draft(self) -> str:
        stored = self.state.get("draft")
        return str(stored) if stored is not None else figures.draft_of(self.field, self.form.values[self.field.name])

    def _set(self, draft: str) -> None:
        self.state["draft"] = draft
        self.state["blamed"] = None
        self.form.set_value(self.field.name, figures.value(self.field, draft))
        self.form.host.redraw()

    def _press(self, key: str) -> None:
        draft = figures.push(self.field, self.draft, key)
        if draft is not None:
            self._set(draft)

    def hint(self) -> Text | None:
        if self.field.hint is not None:
            return self.field.hint
        if self.field.kind is FieldKind.AMOUNT:
            return form_texts.AMOUNT_HINT
        if self.field.kind is FieldKind.DATE:
            typed = len(self.draft)
            if typed == 8:
                return None
            return form_texts.DATE_YEAR if typed < 4 else form_texts.DATE_MONTH if typed < 6 else form_texts.DATE_DAY
        return None

    def build(self, board: Board, box: Box, reach: float) -> None:
        large = board.frame.prefs.large
        field_h = 176.0 if not large else 208.0
        message_h = self.message_room(board, box.w)
        keys_top = max(box.y + field_h + 20 + message_h + GAP, reach)
        keys_h = min(box.bottom - keys_top, 4 * 168.0 + 3 * 28)
        keys = Box(box.x, box.bottom - keys_h, box.w, keys_h)
        spare = keys.y - keys_top if not reach else 0.0
        field = Box(box.x, box.y, box.w, field_h + min(40.0, spare / 2))
        self._display(board, field)
        self.message(board, Box(box.x, field.bottom + 20, box.w, message_h))
        kind = self.field.kind
        corner = {FieldKind.ID_NUMBER: figures.CHECK, FieldKind.AMOUNT: figures.POINT}.get(kind)
        draft = self.draft
        layout.digits(
            board,
            keys,
            press=self._press,
            delete=lambda: self._set(draft[:-1]),
            clear=lambda: self._set(""),
            allowed=lambda key: figures.push(self.field, draft, key) is not None,
            corner=corner,
        )

    def _display(self, board: Board, box: Box) -> None:
        c = board.c
        fault = self.fault()
        line = c.danger_ink if fault and fault[1] else c.primary
        board.rounded(box, c.surface, line=line, stroke=4)
        if self.field.kind is FieldKind.AMOUNT:
            self._amount(board, box.inset(40, 12))
            return
        total = figures.length(self.field)
        left = total - len(self.draft)
        words = form_texts.UNFINISHED.format(count=left) if left else form_texts.ENOUGH_DIGITS
        size = board.frame.prefs.type.small
        fixed = self.field.kind is not FieldKind.DIGITS
        if fixed and (left or fault is None):
            board.text(
                board.say(words),
                Box(box.x + 36, box.y + 14, box.w - 72, size * 1.5),
                size=size,
                colour=c.muted if left else c.success_ink,
                align="right",
            )
        if self.field.kind is FieldKind.DIGITS and total > 20:
            self._running(board, box.inset(36, 12))
            return
        top = box.y + (14 + size * 1.5 if fixed else 16)
        self._places(board, Box(box.x + 32, top, box.w - 64, box.bottom - top - 18))

    def _running(self, board: Board, row: Box) -> None:
        """Too many places to draw each."""
        size = board.frame.prefs.type.title
        board.text(self.draft, row, size=size, bold=True, valign="middle")

    def _amount(self, board: Board, row: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        unit = board.say(form_texts.YUAN)
        unit_w = board.measure(unit, kinds.title) + 24
        yuan, point, cents = self.draft.partition(figures.POINT)
        shown = f"{int(yuan or 0):,}{point}{cents}"
        board.text(
            shown,
            Box(row.x, row.y, row.w - unit_w, row.h),
            size=min(kinds.huge, 96),
            bold=True,
            colour=c.ink if self.draft else c.muted,
            align="right",
            valign="middle",
            wrap=False,
        )
        board.text(
            unit,
            Box(row.right - unit_w + 16, row.y, unit_w, row.h),
            size=kinds.title,
            colour=c.muted,
            valign="middle",
            wrap=False,
        )

    def _places(self, board: Board, row: Box) -> None:
        """A line for each place, in groups; of a date with what the group is."""
        c, kinds = board.c, board.frame.prefs.type
        sizes = figures.groups(self.field)
        date = self.field.kind is FieldKind.DATE
        names = [board.say(t) for t in (form_texts.YEAR, form_texts.MONTH, form_texts.DAY)] if date else []
        names_w = sum(board.measure(name, kinds.title) + 20 for name in names)
        total, gap = sum(sizes), 34.0
        pitch = min(80.0, (row.w - names_w - gap * (len(sizes) - 1)) / total)
        x = row.x + (row.w - names_w - total * pitch - gap * (len(sizes) - 1)) / 2
        size = min(68.0, pitch * 1.2)
        middle, at = row.y + (row.h - 8) / 2, 0
        for number, count in enumerate(sizes):
            for _ in range(count):
                here = at == len(self.draft)
                if at < len(self.draft):
                    place = Box(x - 8, middle - size * 0.75, pitch + 16, size * 1.5)
                    board.text(self.draft[at], place, size=size, bold=True, align="center", valign="middle", wrap=False)
                line = c.primary if here or at < len(self.draft) else c.muted
                board.rect(Box(x + 5, row.bottom - 8, pitch - 10, 8 if here else 4), line)
                x += pitch
                at += 1
            if date:
                width = board.measure(names[number], kinds.title)
                name = Box(x + 6, middle - kinds.title * 0.72, width + 8, kinds.title * 1.5)
                board.text(names[number], name, size=kinds.title, colour=c.muted, valign="middle", wrap=False)
                x += width + 20
            x += gap


class WritingEditor(Editor):
    """Words: pinyin with candidates, letters, figures and signs."""

    @property
    def writing(self) -> Writing:
        stored = self.state.get("writing")
        if stored is not None:
            return stored
        first = Keys.LETTERS if self.field.keyboard == "letters" else Keys.PINYIN
        return Writing(self.form.values[self.field.name], self.field.max_length, first)

    def _changed(self, writing: Writing) -> None:
        if writing.text != self.writing.text:
            self.state["blamed"] = None
        self.state["writing"] = writing
        self.form.set_value(self.field.name, writing.text)
        self.form.host.redraw()

    def hint(self) -> Text | None:
        if not self.writing.room and not self._exact():
            return form_texts.TEXT_FULL.format(total=self.field.max_length)
        return self.field.hint

    def build(self, board: Board, box: Box, reach: float) -> None:
        writing, kinds = self.writing, board.frame.prefs.type
        low = bool(reach)
        line_h = kinds.body * 1.5
        message_h = self.message_room(board, box.w)
        above = 0.0 if low else kinds.title * 1.5 + 72 + 16 + message_h + 16 + line_h + 8
        room = box.bottom - max(box.y, reach) - above - layout.GAP
        long = writing.longest > _LONG
        rows, pick_h = (1, 84.0) if low or long or room < _TWO_ROWS else (2, 88.0)
        picks_h = rows * pick_h + (rows - 1) * layout.GAP
        keys_h = min(room - picks_h, layout.keys_height(_HIGHEST_KEY))
        keys = Box(box.x, box.bottom - keys_h, box.w, keys_h)
        picks = Box(box.x, keys.y - layout.GAP - picks_h, box.w, picks_h)
        line = Box(box.x, picks.y - 8 - line_h, box.w, line_h)
        # The keys stand still; what is written takes what the message leaves.
        said = self.said(board, box.w)
        most = (5 if long else 2) * kinds.title * 1.45 + 72
        field = Box(box.x, box.y, box.w, min(line.y - 16 - box.y - (said + 16 if said else 0), most))
        message = Box(box.x, field.bottom + 16, box.w, said + 4)
        self._display(board, field)
        self.message(board, message)
        own = layout.WritingKeys(writing, self._changed)
        if writing.keys is Keys.PINYIN:
            if spelled := own.spelled(board):
                board.text(
                    spelled, line, size=kinds.body, bold=True, colour=board.c.on_tint, valign="middle", wrap=False
                )
            own.candidates(board, picks, rows)
        own.keys(board, keys)

    def _exact(self) -> bool:
        """A number or code of a fixed length is complete when it is full, and not cut short."""
        return self.field.keyboard == "letters"

    def _display(self, board: Board, box: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        fault = self.fault()
        board.rounded(box, c.surface, line=c.danger_ink if fault and fault[1] else c.primary, stroke=4)
        writing = self.writing
        small = kinds.small
        count = board.say(form_texts.TEXT_ROOM.format(count=len(writing.text), total=self.field.max_length))
        counter = Box(box.x + 36, box.bottom - small * 1.5 - 10, box.w - 72, small * 1.5)
        full = not writing.room and not self._exact()
        board.text(count, counter, size=small, colour=c.warning_ink if full else c.muted, align="right", bold=full)
        inner = Box(box.x + 36, box.y + 12, box.w - 84, counter.y - box.y - 12)
        size = float(kinds.title)
        lines = board.wrap(writing.text, inner.w, size, True)
        most = max(1, int(inner.h // (size * 1.45)))
        if len(lines) > most:
            size = float(kinds.body)
            lines = board.wrap(writing.text, inner.w, size, True)
            most = max(1, int(inner.h // (size * 1.45)))
        shown = lines[-most:]  # the end is where one writes
        height = len(shown) * size * 1.45
        y = inner.y + (inner.h - max(height, size * 1.45)) / 2
        if shown:
            board.text("\n".join(shown), Box(inner.x, y, inner.w, height + 4), size=size, bold=True, wrap=False)
        last = shown[-1] if shown else ""
        caret_x = inner.x + board.measure(last, size, True) + 4
        caret_y = y + (max(len(shown), 1) - 1) * size * 1.45
        board.rect(Box(caret_x, caret_y + size * 0.22, 5, size * 1.05), c.primary)
