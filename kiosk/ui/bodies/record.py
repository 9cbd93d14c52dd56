"""What is known: the steps of a case, entries, a table; on pages when it is much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from content.schema.text import Text
from kiosk import form_texts, texts
from kiosk.screens import Entry, Milestone
from kiosk.service_screens import Grid, Record, RecordAnswer
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, EntryTable, balanced, milestones, note, note_height, pages_of

_GAP = 28.0
_BAR = 92.0
_PAD = 36.0
_WORTH_BEGINNING = 3  # rows: fewer are not parted from the others


@dataclass(frozen=True)
class Part:
    """Something that stands on one page: its height, and how it is drawn at a place."""

    height: float
    draw: Callable[[Box], None]


class RecordBody(Body):
    screen: Record

    def actions(self) -> Sequence[Action]:
        return (Action("primary", form_texts.RECORD_DONE, partial(self.host.answer, RecordAnswer.DONE)),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        below = self._below(board, box)
        room = box.h - below
        parts = self._parts(board, box.w, room)
        total = sum(part.height for part in parts) + _GAP * (len(parts) - 1)
        if total > room:
            parts = self._parts(board, box.w, room - _BAR - _GAP)
            self._paged(board, Box(box.x, box.y, box.w, room), parts)
        else:
            self._draw(parts, box)
        self._foot(board, Box(box.x, box.bottom - below, box.w, below))

    def _draw(self, parts: Sequence[Part], box: Box) -> None:
        y = box.y
        for part in parts:
            part.draw(Box(box.x, y, box.w, part.height))
            y += part.height + _GAP

    def _paged(self, board: Board, box: Box, parts: Sequence[Part]) -> None:
        pages: list[list[Part]] = [[]]
        left = room = box.h - _BAR - _GAP
        for part in parts:
            if pages[-1] and part.height > left:
                pages.append([])
                left = room
            pages[-1].append(part)
            left -= part.height + _GAP
        number = self.page(len(pages))
        self._draw(pages[number], box)
        self.pager(board, Box(box.x, box.bottom - _BAR, box.w, _BAR), number, len(pages))

    # --- the parts ---

    def _parts(self, board: Board, width: float, room: float) -> list[Part]:
        screen, parts = self.screen, []
        if screen.milestones:
            parts += self._milestones(board, width, room)
        if screen.entries:
            table = EntryTable(board, width)
            table.measure(screen.entries)
            for entries in balanced(screen.entries, table.height, room - 32):
                parts.append(self._entries(table, entries))
        if screen.grid is not None:
            used = sum(part.height + _GAP for part in parts)
            parts += self._grid(board, screen.grid, width, room, room - used)
        return parts

    def _milestones(self, board: Board, width: float, room: float) -> list[Part]:
        size = board.frame.prefs.type.body
        row = 92.0

        def height(item: Milestone) -> float:
            bold = item.state in ("now", "failed")
            return max(row, board.text_height(board.say(item.label), width - 88 - size * 2, size, bold) + 36)

        def part(items: list[Milestone]) -> Part:
            def draw(box: Box) -> None:
                board.card(box)
                milestones(board, items, box.inset(44, 16), row=row)

            return Part(sum(map(height, items)) + 32, draw)

        return [part(items) for items in balanced(self.screen.milestones, height, room - 32)]

    def _entries(self, table: EntryTable, entries: list[Entry]) -> Part:
        def draw(box: Box) -> None:
            table.draw(entries, box)

        return Part(sum(map(table.height, entries)) + 32, draw)

    def _grid(self, board: Board, grid: Grid, width: float, room: float, left: float) -> list[Part]:
        """`left`: what the first page still has room for."""
        if not grid.rows:
            words, size = board.say(grid.empty), board.frame.prefs.type.body
            height = board.text_height(words, width - 88, size)

            def empty(box: Box) -> None:
                board.card(box)
                board.icon("search-x", box.x + box.w / 2, box.y + 88, 84, board.c.muted)
                place = Box(box.x + 44, box.y + 160, box.w - 88, height)
                board.text(words, place, size=size, colour=board.c.muted, align="center")

            return [Part(height + 210, empty)]
        columns = column_widths(board, grid, width - 2 * _PAD)
        if columns is None:
            return self._cards(board, grid, width, room)
        table = _GridTable(board, grid, columns)
        first = pages_of(grid.rows, table.height, left - table.head - 24)[0]
        if len(first) < min(_WORTH_BEGINNING, len(grid.rows)) or sum(map(table.height, first)) > left - table.head - 24:
            first = []
        rest = grid.rows[len(first) :]
        rows = [*([first] if first else []), *(balanced(rest, table.height, room - table.head - 24) if rest else [])]
        return [Part(table.head + sum(map(table.height, some)) + 24, partial(table.draw, some)) for some in rows]

    def _cards(self, board: Board, grid: Grid, width: float, room: float) -> list[Part]:
        """A table too wide for the screen: a card for each row."""
        parts = []
        for row in grid.rows:
            entries = tuple(Entry(label, value) for label, value in zip(grid.columns, row, strict=True))
            table = EntryTable(board, width)
            table.row_pad = 8.0
            table.measure(entries)
            parts += [self._entries(table, some) for some in balanced(entries, table.height, room - 32)]
        return parts

    # --- below ---

    def _note(self, board: Board) -> str:
        if self.screen.note is not None:
            return board.say(self.screen.note)
        return board.say(form_texts.RECORD_MASKED) if self.screen.can_reveal else ""

    def _buttons(self) -> list[tuple[str, Text, str, RecordAnswer]]:
        buttons = []
        if self.screen.can_reveal:
            buttons.append(("reveal", texts.REVEAL, "eye", RecordAnswer.REVEAL))
        if self.screen.can_print:
            buttons.append(("print", texts.PRINT, "printer", RecordAnswer.PRINT))
        return buttons

    def _below(self, board: Board, box: Box) -> float:
        words = self._note(board)
        height = note_height(board, words, box.w, icon=True) + _GAP if words else 0.0
        return height + (104.0 + _GAP if self._buttons() else 0.0)

    def _foot(self, board: Board, box: Box) -> None:
        y = box.y + _GAP
        if words := self._note(board):
            height = note_height(board, words, box.w, icon=True)
            icon = "eye-off" if self.screen.can_reveal else "info"
            note(board, words, Box(box.x, y, box.w, height), icon=icon)
            y += height + _GAP
        buttons = self._buttons()
        if not buttons:
            return
        row = Box(box.x, y, box.w, 104.0)
        for cell, (touch_id, label, icon, answer) in zip(row.columns(len(buttons), 32), buttons, strict=True):
            tap = partial(self.host.answer, answer)
            size = board.frame.prefs.type.body
            board.button(touch_id, board.say(label), cell, tap, kind="outline", icon=icon, size=size)


def column_widths(board: Board, grid: Grid, width: float) -> list[float] | None:
    """Widths of the columns; None when they would be too narrow to read: a word broken, a cell of three lines."""
    size, gap = board.frame.prefs.type.small, 28.0
    cells = [[board.say(cell) for cell in row] for row in (grid.columns, *grid.rows)]
    wide, least = [], []
    for number in range(len(grid.columns)):
        column = [row[number] for row in cells]
        wide.append(max(board.measure(cell, size, True) for cell in column) + gap)
        words = [word for cell in column for word in (cell.split() if cell.isascii() else [cell[:4]])]
        least.append(max((board.measure(word, size, True) for word in words), default=0) + gap)
    if sum(least) > width:
        return None
    if sum(wide) <= width:
        spare = (width - sum(wide)) / len(wide)
        return [w + spare for w in wide]
    share = (width - sum(least)) / (sum(wide) - sum(least))
    widths = [low + (high - low) * share for low, high in zip(least, wide, strict=True)]
    tall = any(len(board.wrap(cell, w - gap, size)) > 2 for row in cells for cell, w in zip(row, widths, strict=True))
    return None if tall else widths


class _GridTable:
    """Rows below the columns' names, a rule between them."""

    def __init__(self, board: Board, grid: Grid, columns: list[float]) -> None:
        self.board = board
        self.grid = grid
        self.columns = columns
        self.size = board.frame.prefs.type.small
        self.head = self._height(grid.columns, True)

    def _height(self, row: Sequence[Text], bold: bool) -> float:
        cells = zip(row, self.columns, strict=True)
        return max(self.board.text_height(self.board.say(t), w - 28, self.size, bold) for t, w in cells) + 32

    def height(self, row: Sequence[Text]) -> float:
        return max(80.0, self._height(row, False))

    def draw(self, rows: Sequence[Sequence[Text]], box: Box) -> None:
        b, c = self.board, self.board.c
        b.card(box)
        head = Box(box.x, box.y, box.w, self.head + 12)
        b.rounded(head, c.tint, line=c.line)
        self._row(self.grid.columns, box.x + _PAD, box.y + 6, self.head, bold=True)
        y = head.bottom
        for number, row in enumerate(rows):
            height = self.height(row)
            if number:
                b.rule(box.x + _PAD, y, box.w - 2 * _PAD)
            self._row(row, box.x + _PAD, y, height, bold=False)
            y += height

    def _row(self, row: Sequence[Text], x: float, y: float, height: float, *, bold: bool) -> None:
        for cell, width in zip(row, self.columns, strict=True):
            place = Box(x, y, width - 28, height)
            colour = self.board.c.on_tint if bold else None
            self.board.text(self.board.say(cell), place, size=self.size, bold=bold, colour=colour, valign="middle")
            x += width
