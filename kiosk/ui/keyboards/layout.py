"""The keys as they are drawn: digits, letters in the order of the alphabet (known to who never typed), candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from content.schema.text import Language
from kiosk import form_texts, texts
from kiosk.ui.board import Board, Box
from kiosk.ui.keyboards import pinyin
from kiosk.ui.keyboards.words import Keys, Writing

GAP = 24.0
BAR = 92.0  # the row that changes the keys
_LETTERS = ("ABCDEFG", "HIJKLMN", "OPQRSTU", "VWXYZ")
_NUMBERS = ("123号楼栋-", "456室层村/", "789路（）.", "0·，@_")
_ORDER = (Keys.PINYIN, Keys.LETTERS, Keys.NUMBERS)
_KEY_NAMES = {
    Keys.PINYIN: form_texts.KEYS_PINYIN,
    Keys.LETTERS: form_texts.KEYS_LETTERS,
    Keys.NUMBERS: form_texts.KEYS_NUMBERS,
}


def digits(
    board: Board,
    area: Box,
    *,
    press: Callable[[str], None],
    delete: Callable[[], None],
    clear: Callable[[], None],
    allowed: Callable[[str], bool],
    corner: str | None = None,
) -> None:
    """Ten digits, 删除, and at the left below 清空 or the sign needed here. A key that cannot be right is grey."""
    kinds = board.frame.prefs.type
    size = kinds.question + 4
    cells = area.grid(3, 4, 28)

    def key(cell: Box, sign: str) -> None:
        can = allowed(sign)
        board.button(
            f"key:{sign}", sign, cell, partial(press, sign) if can else None, kind="key", size=size, enabled=can
        )

    for number, cell in enumerate(cells[:9], start=1):
        key(cell, str(number))
    if corner is None:
        board.button("key:clear", board.say(texts.CLEAR), cells[9], clear, kind="tint", size=kinds.title - 4)
    else:
        key(cells[9], corner)
    key(cells[10], "0")
    board.button(
        "key:delete", board.say(texts.DELETE), cells[11], delete, kind="tint", icon="delete", size=kinds.title - 4
    )


def keys_height(key: float) -> float:
    """Of four rows of keys that high and the bar below them."""
    return 4 * (key + GAP) + BAR


@dataclass(frozen=True)
class WritingKeys:
    """Letter keys over what is being written. `changed` takes the writing after each touch."""

    writing: Writing
    changed: Callable[[Writing], None]

    def _key(self, sign: str) -> None:
        self.changed(self.writing.key(sign))

    def _pick(self, candidate: pinyin.Candidate) -> None:
        self.changed(self.writing.choose(candidate))

    def _space(self) -> None:
        found = pinyin.candidates(self.writing.letters) if self.writing.letters else ()
        self.changed(self.writing.choose(found[0]) if found else self.writing.key(" "))

    # --- keys ---

    def keys(self, board: Board, area: Box) -> None:
        """Four rows of keys and the bar below them."""
        rows = Box(area.x, area.y, area.w, area.h - BAR - GAP).rows(4, GAP)
        numbers = self.writing.keys is Keys.NUMBERS
        for row, signs in zip(rows, _NUMBERS if numbers else _LETTERS, strict=True):
            cells = row.columns(7, GAP)
            for cell, sign in zip(cells, signs, strict=False):
                self._draw_key(board, cell, sign)
            if len(signs) < 7:
                self._last_keys(board, cells[5], cells[6])
        self._bar(board, Box(area.x, area.bottom - BAR, area.w, BAR))

    def _draw_key(self, board: Board, cell: Box, sign: str) -> None:
        label = sign
        if self.writing.keys is Keys.PINYIN and sign == "V":
            label = "Ü"
        elif self.writing.keys is Keys.LETTERS and self.writing.small:
            label = sign.lower()
        size = min(float(board.frame.prefs.type.title + 4), cell.h / 1.5)
        touch_id = f"key:{sign}" if sign.isdigit() else f"letter:{sign}"
        board.button(touch_id, label, cell, partial(self._key, sign), kind="key", size=size)

    def _last_keys(self, board: Board, left: Box, right: Box) -> None:
        kinds = board.frame.prefs.type
        words = board.say(texts.DELETE)
        if self.writing.keys is not Keys.LETTERS:
            wide = Box(left.x, left.y, right.right - left.x, left.h)
            board.button(
                "letter:delete", words, wide, self._delete, kind="tint", icon="delete", size=min(kinds.body, left.h / 2)
            )
            return
        case = form_texts.CAPITAL_LETTERS if self.writing.small else form_texts.SMALL_LETTERS
        board.button("letter:case", board.say(case), left, self._case, kind="tint", size=kinds.small)
        board.button("letter:delete", words, right, self._delete, kind="tint", size=kinds.small)

    def _delete(self) -> None:
        self.changed(self.writing.delete())

    def _case(self) -> None:
        self.changed(self.writing.other_case())

    def _bar(self, board: Board, bar: Box) -> None:
        kinds = board.frame.prefs.type
        cells = bar.columns(5, GAP)
        for cell, keys in zip(cells, _ORDER, strict=False):
            on = keys is self.writing.keys
            tap = partial(self.changed, self.writing.switch(keys))
            board.button(
                f"keys:{keys.value}",
                board.say(_KEY_NAMES[keys]),
                cell,
                tap,
                kind="primary" if on else "neutral",
                icon="check" if on else None,
                size=kinds.body,
            )
        board.button("letter:space", board.say(form_texts.SPACE), cells[3], self._space, kind="key", size=kinds.body)
        clear = partial(self.changed, self.writing.clear())
        board.button("letter:clear", board.say(texts.CLEAR), cells[4], clear, kind="tint", size=kinds.body)

    # --- candidates ---

    def candidates(self, board: Board, area: Box, rows: int) -> None:
        """What the letters may mean, in `rows` rows with the arrows at their right; without letters, how to begin."""
        found = pinyin.candidates(self.writing.letters) if self.writing.letters else ()
        if not found:
            self._no_candidates(board, area)
            return
        side = 96.0
        lanes = Box(area.x, area.y, area.w - (side + GAP) * (1 if rows > 1 else 2), area.h).rows(rows, GAP)
        pages = self._pages(board, found, lanes[0].w, rows)
        number = min(self.writing.page, len(pages) - 1)
        at = 0
        for lane, cells in zip(lanes, pages[number], strict=False):
            x = lane.x
            for candidate, width in cells:
                board.button(
                    f"pick:{at}",
                    candidate.word,
                    Box(x, lane.y, width, lane.h),
                    partial(self._pick, candidate),
                    kind="outline",
                    size=min(board.frame.prefs.type.title, lane.h / 1.5),
                    bold=False,
                )
                x += width + GAP
                at += 1
        if len(pages) > 1:
            self._arrows(board, area, lanes, side, number, len(pages))

    def _no_candidates(self, board: Board, area: Box) -> None:
        wrong = bool(self.writing.letters)
        words = board.say(form_texts.PINYIN_NONE if wrong else form_texts.PINYIN_HINT)
        c = board.c
        board.rounded(area, c.warning_tint if wrong else c.tint, line=c.line if c.heavy_lines else None)
        size = float(board.frame.prefs.type.body)
        while board.text_height(words, area.w - 64, size) > area.h and size > 28:
            size -= 2
        ink = c.warning_ink if wrong else c.on_tint
        board.text(words, Box(area.x + 32, area.y, area.w - 64, area.h), size=size, colour=ink, valign="middle")

    def _pages(
        self, board: Board, found: Sequence[pinyin.Candidate], width: float, rows: int
    ) -> list[list[list[tuple[pinyin.Candidate, float]]]]:
        """Pages of rows of candidates with their widths; only as far as the next page after the one shown."""
        size = board.frame.prefs.type.title
        pages: list[list[list[tuple[pinyin.Candidate, float]]]] = [[[]]]
        left = width
        for candidate in found:
            need = min(width, max(96.0, len(candidate.word) * size * 1.02 + 52))
            if need > left and pages[-1][-1]:
                if len(pages[-1]) == rows:
                    if len(pages) > self.writing.page + 1:
                        break
                    pages.append([])
                pages[-1].append([])
                left = width
            pages[-1][-1].append((candidate, need))
            left -= need + GAP
        return pages

    def _arrows(self, board: Board, area: Box, lanes: list[Box], side: float, number: int, count: int) -> None:
        first = Box(area.right - side, lanes[0].y, side, lanes[0].h)
        second = Box(area.right - side, lanes[-1].y, side, lanes[-1].h)
        if len(lanes) == 1:
            first = Box(first.x - side - GAP, first.y, side, first.h)
        for touch_id, icon, box, step, can in (
            ("pick:prev", "chevron-left", first, -1, number > 0),
            ("pick:next", "chevron-right", second, 1, number < count - 1),
        ):
            tap = partial(self.changed, self.writing.turn(step)) if can else None
            board.button(touch_id, "", box, tap, kind="neutral", icon=icon, enabled=can, size=44)

    def spelled(self, board: Board) -> str:
        """The letters typed, and what to do with them."""
        if not self.writing.letters:
            return ""
        between = "  ·  " if board.frame.prefs.language is Language.EN else "　"
        return pinyin.spelled(self.writing.letters) + between + board.say(form_texts.PINYIN_CHOOSE)
