"""The search panel: an A-Z keyboard on the screen; a service is found by 汉字 keys, pinyin or initials."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from kiosk import texts
from kiosk.screens import Tile
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import tile

if TYPE_CHECKING:
    from kiosk.ui.bodies.home import HomeBody

_ROWS = ("ABCDEFG", "HIJKLMN", "OPQRSTU", "VWXYZ")
_LONGEST = 24


class SearchPanel:
    def __init__(self, home: HomeBody, search: Callable[[str], tuple[Tile, ...]]) -> None:
        self.home = home
        self.search = search

    @property
    def query(self) -> str:
        return str(self.home.state.get("query", ""))

    def _type(self, letter: str) -> None:
        self.home.state["query"] = (self.query + letter)[:_LONGEST]
        self.home.host.redraw()

    def _delete(self) -> None:
        self.home.state["query"] = self.query[:-1]
        self.home.host.redraw()

    def _clear(self) -> None:
        self.home.state["query"] = ""
        self.home.host.redraw()

    def _close(self) -> None:
        self.home.state.pop("searching", None)
        self.home.state.pop("query", None)
        self.home.host.redraw()

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        field = Box(box.x, box.y, box.w, 120)
        board.rounded(field, c.surface, line=c.primary, stroke=4)
        board.icon("search", field.x + 58, field.y + 60, kinds.body * 1.3, c.on_tint)
        shown = self.query.lower()
        board.text(
            shown or board.say(texts.SEARCH_HINT_SHORT),
            Box(field.x + 104, field.y, field.w - 130, field.h),
            size=kinds.title if shown else kinds.body,
            bold=bool(shown),
            colour=c.ink if shown else c.muted,
            valign="middle",
        )
        key_h, gap, bar_h = 108.0, 32.0, 112.0
        if reach:
            key_h = 96.0
        keys_h = 4 * key_h + 3 * gap
        keys = Box(box.x, box.bottom - bar_h - 32 - keys_h, box.w, keys_h)
        self._results(board, Box(box.x, field.bottom + 28, box.w, keys.y - field.bottom - 60), reach)
        for row, letters in zip(keys.rows(4, gap), _ROWS, strict=True):
            cells = row.columns(7, gap)
            for cell, letter in zip(cells, letters, strict=False):
                board.button(
                    f"letter:{letter}", letter, cell, partial(self._type, letter), kind="key", size=kinds.title
                )
            if len(letters) < 7:
                wide = Box(cells[5].x, row.y, cells[6].right - cells[5].x, row.h)
                board.button(
                    "letter:delete",
                    board.say(texts.DELETE),
                    wide,
                    self._delete,
                    kind="tint",
                    icon="delete",
                    size=kinds.body,
                )
        left, right = Box(box.x, box.bottom - bar_h, box.w, bar_h).columns(2, 32)
        board.button(
            "search:close",
            board.say(texts.SEARCH_CLOSE),
            left,
            self._close,
            kind="neutral",
            icon="chevron-left",
            size=kinds.body + 4,
        )
        board.button("letter:clear", board.say(texts.CLEAR), right, self._clear, kind="outline", size=kinds.body + 4)

    def _results(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        found = self.search(self.query)
        if not found:
            words = texts.SEARCH_NONE if self.query else texts.SEARCH_EMPTY
            shown = board.say(words.format(number=self.home.host.hotline) if self.query else words)
            card = Box(box.x, box.y, box.w, box.h)
            board.card(card)
            height = board.text_height(shown, card.w - 160, kinds.body)
            middle = card.y + card.h / 2
            board.icon(
                "search-x" if self.query else "keyboard", card.x + card.w / 2, middle - height / 2 - 24, 72, c.muted
            )
            board.text(
                shown,
                Box(card.x + 80, middle - height / 2 + 40, card.w - 160, height),
                size=kinds.body,
                colour=c.muted,
                align="center",
            )
            return
        top = max(box.y, reach)
        area = Box(box.x, top, box.w, box.bottom - top)
        row_h, gap = (172.0 if not board.frame.prefs.large else 210.0), 32.0
        count = max(1, int((area.h + gap) // (row_h + gap)))
        row_h = min(row_h, area.h)
        y = area.y
        for item in found[:count]:
            touch_id = item.id if item.id.startswith("service:") else f"service:{item.id}"
            tile(board, item, touch_id, Box(area.x, y, area.w, row_h), self.home.choose("service", item))
            y += row_h + gap
