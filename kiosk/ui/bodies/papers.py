"""The exact list of materials: what each needs is said by a word and a sign, and what is to be scanned is touched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import Paper, Papers, PapersAnswer, PaperState
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies import paging
from kiosk.ui.bodies.base import Action, Body, balanced, note, note_height, pages_of

_GAP = 24.0
_ICONS = {
    PaperState.NOT_NEEDED: "circle-check",
    PaperState.TO_SCAN: "scan-line",
    PaperState.SCANNED: "file-check",
    PaperState.BRING: "hand",
    PaperState.LATER: "clock",
}
_TOUCHABLE = (PaperState.TO_SCAN, PaperState.SCANNED)


class PapersBody(Body):
    screen: Papers

    def _missing(self) -> list[Paper]:
        return [paper for paper in self.screen.papers if paper.state is PaperState.TO_SCAN]

    def actions(self) -> Sequence[Action]:
        return (Action("primary", form_texts.CONTINUE, self._go_on),)

    def _go_on(self) -> None:
        if self.screen.can_go_on:
            self.host.answer(PapersAnswer.GO_ON)
            return
        missing = self._missing()
        zh, en = (p.name.zh for p in missing), (p.name.en or p.name.zh for p in missing)
        names = Text("、".join(zh), ", ".join(en))
        words = form_texts.PAPERS_MISSING.format(names=names) if missing else form_texts.PAPERS_INCOMPLETE
        self.host.notice(form_texts.PAPERS_MISSING_TITLE, words, "scan-line")

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds, c = board.frame.prefs.type, board.c
        words = board.say(self.screen.note) if self.screen.note else ""
        note_h = note_height(board, words, box.w, icon=True) + _GAP if words else 0.0
        left = len(self._missing())
        total = len(self.screen.papers)
        bring = sum(paper.state is PaperState.BRING for paper in self.screen.papers)
        if left:
            summary = form_texts.PAPERS_MAY_SCAN if self.screen.can_go_on else form_texts.PAPERS_SUMMARY
        else:
            summary = form_texts.PAPERS_BRING if bring else form_texts.PAPERS_READY
        line = Box(box.x, box.y, box.w, kinds.small * 1.5)
        ink = c.on_tint if left or bring else c.success_ink
        board.icon(
            "scan-line" if left else "hand" if bring else "circle-check",
            box.x + kinds.small * 0.6,
            line.y + line.h / 2,
            36,
            ink,
        )
        board.text(
            board.say(summary.format(total=total, count=left or bring)),
            Box(line.x + kinds.small * 1.6, line.y, line.w * 0.72 - kinds.small * 1.6, line.h),
            size=kinds.small,
            bold=True,
            colour=ink,
        )
        y = max(line.bottom + 16, reach)
        number, count = self._list(board, Box(box.x, y, box.w, box.bottom - y - note_h))
        if count > 1:
            page = board.say(form_texts.PAGE_OF_PAGES.format(number=number + 1, total=count))
            right = Box(line.x + line.w * 0.7, line.y, line.w * 0.3, line.h)
            board.text(page, right, size=kinds.small, colour=c.muted, align="right")
        if words:
            note(board, words, Box(box.x, box.bottom - note_h + _GAP, box.w, note_h), icon="info")

    def _list(self, board: Board, area: Box) -> tuple[int, int]:
        """The page shown, first the one with something to scan, and how many there are."""

        def height(paper: Paper) -> float:
            return self._height(board, paper, area.w) + _GAP

        bar = paging.BAR + _GAP if self.screen.can_print else 0.0
        pages = pages_of(self.screen.papers, height, area.h + _GAP - bar)
        if len(pages) > 1:
            bar = paging.BAR + _GAP
            pages = balanced(self.screen.papers, height, area.h + _GAP - bar)
        wanted = (at for at, page in enumerate(pages) if set(page) & set(self._missing()))
        self.state.setdefault("page", next(wanted, 0))
        number = self.page(len(pages))
        shown = pages[number]
        spare = area.h + _GAP - bar - sum(map(height, shown))
        more = min(36.0, max(0.0, spare) / max(1, len(shown)))
        y = area.y
        for paper in shown:
            row = Box(area.x, y, area.w, height(paper) - _GAP + more)
            self._row(board, paper, row)
            y = row.bottom + _GAP
        if bar:
            row = Box(area.x, area.bottom - paging.BAR, area.w, paging.BAR)
            paging.bar(self, board, row, number, len(pages), self._print())
        return number, len(pages)

    def _print(self) -> Action | None:
        if not self.screen.can_print:
            return None
        answer = partial(self.host.answer, PapersAnswer.PRINT)
        return Action("print-list", form_texts.PRINT_LIST, answer, "tint", "printer")

    def _state(self, board: Board, paper: Paper) -> str:
        # Nothing that must be there is missing: what can still be scanned may be left out.
        if paper.state is PaperState.TO_SCAN and self.screen.can_go_on:
            return board.say(form_texts.PAPER_MAY_SCAN)
        return board.say(form_texts.PAPER_STATES[paper.state].format(pages=paper.pages))

    def _side(self, board: Board) -> float:
        """Width of the state at the right: the same on every row, so that states stand below each other."""
        size = board.frame.prefs.type.small
        widest = max(board.measure(self._state(board, paper), size, True) for paper in self.screen.papers)
        return max(230.0, widest + size * 2.6 + 64)

    def _room(self, board: Board, width: float) -> float:
        return width - 40 - 24 - self._side(board) - 28

    def _height(self, board: Board, paper: Paper, width: float) -> float:
        kinds = board.frame.prefs.type
        room = self._room(board, width)
        height = board.text_height(board.say(paper.name), room, kinds.body + 2, True)
        height += board.text_height(board.say(paper.note), room, kinds.small) if paper.note else 0
        return max(112.0, height + 40)

    def _row(self, board: Board, paper: Paper, box: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        can = paper.state in _TOUCHABLE
        board.rounded(box, c.surface, line=c.primary if can else c.line, stroke=4 if can else 2)
        room = self._room(board, box.w)
        name = board.say(paper.name)
        name_h = board.text_height(name, room, kinds.body + 2, True)
        words = board.say(paper.note) if paper.note else ""
        words_h = board.text_height(words, room, kinds.small) if words else 0.0
        y = box.y + (box.h - name_h - words_h) / 2
        board.text(name, Box(box.x + 40, y, room, name_h), size=kinds.body + 2, bold=True)
        if words:
            board.text(words, Box(box.x + 40, y + name_h - 2, room, words_h + 2), size=kinds.small, colour=c.muted)
        self._pill(board, paper, box)
        if can:
            board.target(f"paper:{paper.id}", box, partial(self.host.answer, paper.id))

    def _pill(self, board: Board, paper: Paper, box: Box) -> None:
        c, size = board.c, board.frame.prefs.type.small
        fill, ink = {
            PaperState.NOT_NEEDED: (c.success_tint, c.success_ink),
            PaperState.TO_SCAN: (c.primary, c.on_primary),
            PaperState.SCANNED: (c.success_tint, c.success_ink),
            PaperState.BRING: (c.warning_tint, c.warning_ink),
            PaperState.LATER: (c.neutral, c.on_neutral),
        }[paper.state]
        side = self._side(board)
        h = size * 1.5 + 24
        pill = Box(box.right - 28 - side, box.y + (box.h - h) / 2, side, h)
        board.rounded(pill, fill, radius=h / 2, line=ink if c.heavy_lines else None)
        words = self._state(board, paper)
        arrow = size * 1.2 if paper.state in _TOUCHABLE else 0.0
        words_w = board.measure(words, size, True) + 6
        x = pill.x + (pill.w - size * 1.4 - words_w - arrow) / 2
        board.icon(_ICONS[paper.state], x + size * 0.5, pill.y + h / 2, size * 1.2, ink)
        place = Box(x + size * 1.4, pill.y, words_w, h)
        board.text(words, place, size=size, bold=True, colour=ink, valign="middle", wrap=False)
        if arrow:
            board.icon("chevron-right", place.right + size * 0.5, pill.y + h / 2, size * 1.3, ink)
