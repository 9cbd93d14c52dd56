"""Behind a door: its services, paged; or that nothing is here yet and what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kiosk import texts
from kiosk.screens import ServiceList, Tile
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, tile


class ServiceListBody(Body):
    screen: ServiceList

    def _tap(self, item: Tile) -> Callable[[], None]:
        if item.unavailable is not None:
            title = texts.NOT_NOW_TITLE.format(title=item.title)
            return partial(self.host.notice, title, item.unavailable, "info")
        return partial(self.host.answer, item.id)

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        if not self.screen.tiles:
            card = Box(box.x, box.y, box.w, min(640.0, box.h))
            board.card(card)
            title, advice = board.say(texts.NOTHING_HERE), board.say(texts.NOTHING_HERE_ADVICE)
            w = card.w - 160
            th = board.text_height(title, w, kinds.title, True)
            ah = board.text_height(advice, w, kinds.body)
            y = card.y + (card.h - 150 - th - ah - 20) / 2
            board.circle(card.x + card.w / 2, y + 56, 64, c.tint)
            board.icon("package-open", card.x + card.w / 2, y + 56, 68, c.on_tint)
            board.text(title, Box(card.x + 80, y + 150, w, th), size=kinds.title, bold=True, align="center")
            board.text(advice, Box(card.x + 80, y + 170 + th, w, ah), size=kinds.body, colour=c.muted, align="center")
            return
        area = Box(box.x, max(box.y, reach), box.w, box.bottom - max(box.y, reach))
        row_h, gap, bar_h = (220.0 if board.frame.prefs.large else 180.0), 32.0, 96.0
        count = int((area.h + gap) // (row_h + gap))
        paged = len(self.screen.tiles) > count
        if paged:
            count = max(1, int((area.h - bar_h) // (row_h + gap)))
        pages = [self.screen.tiles[i : i + count] for i in range(0, len(self.screen.tiles), count)]
        number = self.page(len(pages))
        if not paged:
            row_h = max(row_h, min(216.0, (area.h + gap) / max(4, len(self.screen.tiles)) - gap))
        y = area.y
        for item in pages[number]:
            tile(board, item, f"service:{item.id}", Box(area.x, y, area.w, row_h), self._tap(item))
            y += row_h + gap
        if paged:
            self.pager(board, Box(area.x, area.bottom - bar_h, area.w, bar_h), number, len(pages))
