"""A page of a form: its fields as rows; a touched one is filled in alone, with its keys below it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import FieldKind, Filled, Form, FormEntry, SaveAndLeave
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies import paging
from kiosk.ui.bodies.base import Action, Body, balanced, banner, banner_height, pages_of
from kiosk.ui.bodies.form_editors import editor_for
from kiosk.ui.bodies.form_rows import Row
from kiosk.ui.keyboards import figures

_GAP = 24.0
_PAD, _LEAST_PAD, _MOST_MORE = 36.0, 16.0, 40.0  # above and below what a row says, together


class FormBody(Body):
    """`state`: values by field name; `field`: the one being filled in; `tried`: 继续 was touched too early; `blamed`:
    the field whose fault has been pointed out; the rest belongs to the editor."""

    screen: Form

    # --- values ---

    @property
    def values(self) -> dict[str, str]:
        written = self.state.setdefault("values", {})
        return {f.name: written.get(f.name, f.value) for f in self.screen.fields}

    def set_value(self, name: str, value: str) -> None:
        self.state.setdefault("values", {})[name] = value

    def fault(self, field: FormEntry) -> Text | None:
        """What keeps the page from being finished because of this field."""
        values = self.values
        value = values[field.name]
        if field.locked:
            return None
        if field.kind is FieldKind.STATEMENT:
            agreed = value == "yes" or not field.required
            return self.screen.check(field.name, values) if agreed else form_texts.NOT_AGREED
        if not value:
            chosen = field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
            missing = form_texts.NOT_CHOSEN if chosen else form_texts.EMPTY
            return missing if field.required else self.screen.check(field.name, values)
        if field.kind in figures.FIGURES:
            draft = figures.draft_of(field, value)
            if not figures.complete(field, draft):
                if field.kind is FieldKind.DATE:
                    return form_texts.UNFINISHED_DATE
                return form_texts.UNFINISHED.format(count=figures.length(field) - len(draft))
        return self.screen.check(field.name, values)

    def blames(self, field: FormEntry) -> Text | None:
        """The fault to be shown: an empty field is nobody's fault before 继续 was touched."""
        if not self.values[field.name] and not self.state.get("tried"):
            return None
        return self.fault(field)

    def faulty(self) -> list[FormEntry]:
        return [field for field in self.screen.fields if self.fault(field) is not None]

    # --- one field at a time ---

    @property
    def field(self) -> FormEntry | None:
        name = self.state.get("field")
        return next((f for f in self.screen.fields if f.name == name), None)

    def open(self, field: FormEntry, *, blame: bool = False) -> None:
        self._leave_editor()
        self.state["field"] = field.name
        self.state["blamed"] = field.name if blame else None
        self.state.pop("page", None)
        self.host.redraw(elsewhere=True)

    def close(self) -> None:
        """Back to the rows, to the page on which the field is."""
        field = self.field
        self._leave_editor()
        self.state["page"] = self.state.get("page_of", {}).get(field.name, 0) if field else 0
        self.host.redraw(elsewhere=True)

    def _leave_editor(self) -> None:
        for name in ("field", "blamed", "kept", "writing", "draft"):
            self.state.pop(name, None)

    def back(self) -> bool:
        if self.field is None:
            return False
        self.close()
        return True

    def _next(self) -> None:
        """The next field that still needs something; the rows when none does. A wrong one is not left by going on."""
        field = self.field
        if field is None:
            return
        if self.values[field.name] and self.fault(field) is not None:
            self.state["blamed"] = field.name
            self.host.redraw()
            return
        following = self._following(field)
        if following is None:
            self.close()
        else:
            self.open(following)

    def _following(self, field: FormEntry) -> FormEntry | None:
        fields = self.screen.fields
        at = fields.index(field)
        return next((f for f in fields[at + 1 :] + fields[:at] if self.fault(f) is not None), None)

    def _continue(self) -> None:
        faulty = self.faulty()
        if not faulty:
            self.host.answer(Filled(self.values))
            return
        # A statement nobody has been shown yet is no reproach.
        blame = faulty[0].kind is not FieldKind.STATEMENT or bool(self.state.get("tried"))
        self.state["tried"] = True
        self.open(faulty[0], blame=blame)

    def _touched(self, field: FormEntry) -> None:
        if not field.locked:
            self.open(field)
            return
        source = field.source or form_texts.LOCKED_SOURCE
        words = form_texts.LOCKED_BODY.format(source=source, number=self.host.hotline)
        self.host.notice(form_texts.LOCKED_TITLE.format(label=field.label), words, "lock")

    # --- what is seen ---

    def question(self) -> Text:
        field = self.field
        if field is None:
            return self.screen.question
        ask = {
            FieldKind.CHOICE: form_texts.CHOOSE_ONE,
            FieldKind.CHOICES: form_texts.CHOOSE_SEVERAL,
            FieldKind.STATEMENT: form_texts.PLEASE_READ,
        }.get(field.kind, form_texts.FILL_IN)
        return ask.format(label=field.label)

    def actions(self) -> Sequence[Action]:
        field = self.field
        if field is None:
            return (Action("primary", form_texts.CONTINUE, self._continue),)
        last = self._following(field) is None
        return (Action("primary", form_texts.FIELD_DONE if last else form_texts.NEXT_FIELD, self._next),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        field = self.field
        if field is not None:
            editor_for(self, field).build(board, box, reach)
            return
        y = self._top(board, box)
        area = Box(box.x, max(y, reach), box.w, box.bottom - max(y, reach))
        bar = paging.BAR + _GAP if self.screen.can_save else 0.0
        for pad in (_PAD, _LEAST_PAD):  # a fault more on a full page takes room from the rows, it turns no page
            rows = [Row.of(board, self, field, area.w, pad) for field in self.screen.fields]
            pages = pages_of(rows, _taken, area.h + _GAP - bar)
            if len(pages) == 1:
                break
        else:
            rows = [Row.of(board, self, field, area.w, _PAD) for field in self.screen.fields]
            bar = paging.BAR + _GAP
            pages = balanced(rows, _taken, area.h + _GAP - bar)
        number = self.page(len(pages))
        self.state["page_of"] = {row.field.name: at for at, page in enumerate(pages) for row in page}
        spare = area.h + _GAP - bar - sum(map(_taken, pages[number]))
        more = max(0.0, min(_MOST_MORE, spare / len(pages[number])))
        y = area.y
        for row in pages[number]:
            place = Box(area.x, y, area.w, row.height + more)
            row.draw(board, place, partial(self._touched, row.field))
            y = place.bottom + _GAP
        if len(pages) > 1 or self.screen.can_save:
            bar_box = Box(area.x, box.bottom - paging.BAR, area.w, paging.BAR)
            paging.bar(self, board, bar_box, number, len(pages), self._save())
        self._status(board, box, number, len(pages))

    def _top(self, board: Board, box: Box) -> float:
        """The note and the line that counts; returns where the rows begin."""
        y = box.y
        if self.screen.note is not None:
            words = board.say(self.screen.note)
            y += banner(board, words, Box(box.x, y, box.w, 0), tone="info", icon="info") + _GAP
        return y + board.frame.prefs.type.small * 1.5 + 12

    def _status(self, board: Board, box: Box, number: int, count: int) -> None:
        c, size = board.c, board.frame.prefs.type.small
        y = box.y
        if self.screen.note is not None:
            y += banner_height(board, board.say(self.screen.note), box.w) + _GAP
        left = len(self.faulty())
        words = board.say(form_texts.STILL_TO_FILL.format(count=left) if left else form_texts.ALL_FILLED)
        ink = c.on_tint if left else c.success_ink
        board.icon("list-checks" if left else "circle-check", box.x + size * 0.6, y + size * 0.74, size * 1.2, ink)
        line = Box(box.x + size * 1.6, y, box.w - size * 1.6, size * 1.5)
        board.text(words, Box(line.x, y, line.w * 0.72, line.h), size=size, bold=True, colour=ink)
        if count > 1:
            shown = board.say(form_texts.PAGE_OF_PAGES.format(number=number + 1, total=count))
            board.text(
                shown, Box(line.x + line.w * 0.7, y, line.w * 0.3, line.h), size=size, colour=c.muted, align="right"
            )

    def _save(self) -> Action | None:
        if not self.screen.can_save:
            return None
        answer = partial(self.host.answer, SaveAndLeave(self.values))
        return Action("save", form_texts.SAVE_FOR_LATER, answer, "tint", "save")


def _taken(row: Row) -> float:
    return row.height + _GAP
