"""Home: search, the eight doors, the most used, large-type mode, a notice; four tiles a page in large type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kiosk import texts
from kiosk.screens import Home, Tile
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, tile
from kiosk.ui.bodies.search import SearchPanel

_LINE = 1.45  # of the font: line height by its size


def _id(prefix: str, item: Tile) -> str:
    return item.id if item.id.startswith(f"{prefix}:") else f"{prefix}:{item.id}"


class HomeBody(Body):
    zone_actions = False
    screen: Home

    @property
    def zone_question(self) -> bool:  # type: ignore[override]
        return True

    def question(self):
        return texts.SEARCH_TITLE if self.state.get("searching") else self.screen.question

    def build(self, board: Board, box: Box, reach: float) -> None:
        if self.state.get("searching"):
            SearchPanel(self, self.screen.search).build(board, box, reach)
        elif board.frame.prefs.large or reach:
            self._few(board, box, reach)
        else:
            self._all(board, box)

    def choose(self, prefix: str, item: Tile) -> Callable[[], None]:
        """What a touch on a tile does: answer, or say why not."""
        if item.unavailable is not None:
            title = texts.NOT_NOW_TITLE.format(title=item.title)
            return partial(self.host.notice, title, item.unavailable, "info")
        return partial(self.host.answer, _id(prefix, item))

    def search(self) -> None:
        self.state["searching"] = True
        self.host.redraw()

    def _set_large(self, large: bool) -> None:
        prefs = self.host.prefs
        if prefs.large != large:
            self.host.set_prefs(prefs.toggled("large"))

    def _search_box(self, board: Board, box: Box, *, short: bool = False) -> None:
        c, size = board.c, board.frame.prefs.type.body
        board.rounded(box, c.surface, line=c.primary, stroke=3)
        board.icon("search", box.x + 58, box.y + box.h / 2, size * 1.3, c.on_tint)
        hint = board.say(texts.SEARCH_HINT_SHORT if short else texts.SEARCH_HINT)
        while not short and board.measure(hint, size) > box.w - 140 and size > board.frame.prefs.type.small:
            size -= 1
        board.text(hint, Box(box.x + 104, box.y, box.w - 128, box.h), size=size, colour=c.muted, valign="middle")
        board.target("search", box, self.search)

    def _notice(self, board: Board, box: Box) -> None:
        if self.screen.notice is None:
            return
        c, size = board.c, board.frame.prefs.type.small
        board.icon("megaphone", box.x + 22, box.y + box.h / 2, size * 1.25, c.warning_ink)
        board.text(
            board.say(self.screen.notice),
            Box(box.x + 56, box.y, box.w - 56, box.h),
            size=size,
            colour=c.warning_ink,
            valign="middle",
        )

    def _elder(self, board: Board, box: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        board.rounded(box, c.primary)
        board.icon("heart", box.x + 76, box.y + box.h / 2, 56, c.on_primary)
        label, hint, enter = board.say(texts.ELDER), board.say(texts.ELDER_HINT), board.say(texts.ELDER_ENTER)
        label_h = board.text_height(label, 600, kinds.title, True)
        hint_h = board.text_height(hint, 600, kinds.small)
        top = box.y + (box.h - label_h - hint_h + 8) / 2
        board.text(label, Box(box.x + 136, top, 600, label_h), size=kinds.title, bold=True, colour=c.on_primary)
        board.text(hint, Box(box.x + 136, top + label_h - 8, 600, hint_h), size=kinds.small, colour=c.on_primary)
        pill = Box(box.right - 196, box.y + (box.h - 84) / 2, 160, 84)
        board.rounded(pill, c.surface)
        board.text(
            enter,
            pill,
            size=kinds.body,
            bold=True,
            colour=c.ink if c.heavy_lines else c.primary,
            align="center",
            valign="middle",
        )
        board.target("elder", box, partial(self._set_large, True))

    def _all(self, board: Board, box: Box) -> None:
        kinds = board.frame.prefs.type
        y, bottom = box.y, box.bottom + 8
        self._search_box(board, Box(box.x, y, box.w, 104))
        y += 104 + 32
        notice_h = 56.0 if self.screen.notice else 0.0
        elder_h, small_h, gap = 128.0, 88.0, 32.0
        rows = (len(self.screen.frequent) + 2) // 3
        often_h = 54 + rows * small_h + (rows - 1) * gap + 32 if rows else 0.0
        rest = elder_h + (12 + notice_h if notice_h else 0) + often_h
        doors_h = bottom - y - rest - 20
        for cell, door in zip(Box(box.x, y, box.w, doors_h).grid(2, 4, gap), self.screen.doors, strict=False):
            tile(board, door, _id("door", door), cell, self.choose("door", door))
        y += doors_h + 20
        if rows:
            heading = board.say(texts.FREQUENT)
            board.text(heading, Box(box.x, y, box.w, 50), size=kinds.body, bold=True, valign="middle")
            y += 54
            height = rows * small_h + (rows - 1) * gap
            cells = Box(box.x, y, box.w, height).grid(3, rows, gap)
            for cell, item in zip(cells, self.screen.frequent, strict=False):
                self._frequent(board, cell, item)
            y += height + 32
        self._elder(board, Box(box.x, y, box.w, elder_h))
        if notice_h:
            self._notice(board, Box(box.x, y + elder_h + 12, box.w, notice_h))

    def _frequent(self, board: Board, cell: Box, item: Tile) -> None:
        c, size = board.c, float(board.frame.prefs.type.body) - 2
        off = item.unavailable is not None
        title = board.say(item.title)
        least = board.frame.prefs.type.small
        label = Box(cell.x + 14, cell.y, cell.w - (66 if off else 28), cell.h)
        while size > least and board.measure(title, size, True) > label.w:
            size -= 1
        lines = board.wrap(title, label.w, size, True)
        most = max(1, int(cell.h // (size * _LINE)))
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1].rstrip()} …"]
        board.rounded(cell, c.disabled if off else c.surface, line=c.line)
        ink = c.on_disabled if off else c.on_tint
        if off:
            board.icon("info", cell.right - 30, cell.y + cell.h / 2, 34, ink)
        words = "\n".join(lines)
        board.text(words, label, size=size, bold=True, colour=ink, align="center", valign="middle", wrap=False)
        board.target(_id("service", item), cell, self.choose("service", item), enabled=not off)

    def _few(self, board: Board, box: Box, reach: float) -> None:
        """Large type: four tiles a page. Low reach: the eight doors, compact, in the lower part."""
        large = board.frame.prefs.large
        doors = [("door", d) for d in self.screen.doors]
        items = doors + [("service", t) for t in self.screen.frequent]
        top = max(box.y, reach)
        bar_h, gap = 120.0, 32.0
        if reach:
            upper = Box(box.x, box.y, box.w, reach - box.y - 24)
            self._upper(board, upper)
        per_page = (2 if reach else 4) if large else 8
        pages = [items[i : i + per_page] for i in range(0, len(items), per_page)]
        number = self.page(len(pages))
        notice_h = 0.0
        if self.screen.notice and not reach:
            small = board.frame.prefs.type.small
            notice_h = board.text_height(board.say(self.screen.notice), box.w - 56, small)
        search_h = 0.0 if reach else 116.0
        if search_h:
            self._search_box(board, Box(box.x, top, box.w, search_h), short=True)
            top += search_h + gap
        area = Box(box.x, top, box.w, box.bottom - top - bar_h - gap - (notice_h if notice_h else 0))
        rows = 4 if per_page == 8 else per_page // 2
        cells = area.grid(2, rows, gap)
        for cell, (prefix, item) in zip(cells, pages[number], strict=False):
            act = self.choose(prefix, item)
            tile(board, item, _id(prefix, item), cell, act, upright=large, compact=not large)
        if notice_h:
            self._notice(board, Box(box.x, area.bottom + 16, box.w, notice_h))
        bar = Box(box.x, box.bottom - bar_h, box.w, bar_h)
        size = board.frame.prefs.type.body
        last = number == len(pages) - 1
        if last and number:
            step, label, icon = -number, texts.PREVIOUS_PAGE, "chevron-left"
        else:
            step, label, icon = 1, texts.MORE_SERVICES, "chevron-right"
        cells = bar.columns(3 if reach else 2, gap)
        board.button(
            "normal" if large else "elder",
            board.say(texts.NORMAL_MODE if large else texts.ELDER),
            cells[0],
            partial(self._set_large, not large),
            size=size,
        )
        if reach:
            board.button(
                "search",
                board.say(texts.SEARCH_HINT_SHORT),
                cells[1],
                self.search,
                kind="outline",
                icon="search",
                size=size,
            )
        if len(pages) > 1:
            board.button(
                "page:next" if step > 0 else "page:first",
                board.say(label),
                cells[-1],
                partial(self.turn, step),
                kind="outline",
                icon=icon,
                icon_after=step > 0,
                size=size,
            )

    def _upper(self, board: Board, box: Box) -> None:
        """The part out of reach only shows: what this machine does, and the notice."""
        c, kinds = board.c, board.frame.prefs.type
        board.rounded(box, c.tint, line=c.line)
        board.icon("hand-helping", box.x + box.w / 2, box.y + box.h * 0.3, min(120.0, box.h * 0.34), c.on_tint)
        hint = board.say(texts.ACCESS_LOW_HINT)
        hint_h = board.text_height(hint, box.w - 80, kinds.body, True)
        y = box.y + box.h * 0.52
        board.text(
            hint, Box(box.x + 40, y, box.w - 80, hint_h), size=kinds.body, bold=True, colour=c.on_tint, align="center"
        )
        if self.screen.notice is not None:
            board.text(
                board.say(self.screen.notice),
                Box(box.x + 40, y + hint_h + 12, box.w - 80, box.bottom - y - hint_h - 24),
                size=kinds.small,
                colour=c.warning_ink,
                align="center",
            )
