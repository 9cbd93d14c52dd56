"""Some of several: rows with a box to tick; what belongs together goes together, and says so."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from content.schema.text import Text
from kiosk import form_texts
from kiosk.service_screens import Item, Tick
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, balanced, banner, banner_height, note, note_height, pages_of

_GAP = 24.0
_BAR = 92.0


def with_needs(items: Sequence[Item], value: str) -> set[str]:
    """The value and all it needs, also what those need."""
    needs = {item.value: item.needs for item in items}
    found, left = set(), [value]
    while left:
        now = left.pop()
        if now not in found:
            found.add(now)
            left += needs.get(now, ())
    return found


def with_needing(items: Sequence[Item], value: str) -> set[str]:
    """The value and all that cannot be without it."""
    return {item.value for item in items if value in with_needs(items, item.value)}


def flipped(items: Sequence[Item], chosen: frozenset[str], value: str) -> frozenset[str] | Item:
    """What is chosen after a touch; or the item that does not allow it, because it is fixed."""
    by_value = {item.value: item for item in items}
    if value in chosen:
        gone = with_needing(items, value) & chosen
        held = next((by_value[v] for v in sorted(gone) if by_value[v].fixed), None)
        return held or chosen - gone
    more = (with_needs(items, value) & by_value.keys()) - chosen
    held = next((by_value[v] for v in sorted(more) if by_value[v].fixed), None)
    return held or chosen | more


class TickBody(Body):
    screen: Tick

    @property
    def chosen(self) -> frozenset[str]:
        stored: frozenset[str] | None = self.state.get("chosen")
        return stored if stored is not None else frozenset(i.value for i in self.screen.items if i.chosen)

    def actions(self) -> Sequence[Action]:
        return (Action("primary", self.screen.confirm, self._confirm),)

    def _confirm(self) -> None:
        answer = tuple(item.value for item in self.screen.items if item.value in self.chosen)
        if len(answer) < self.screen.least:
            words = form_texts.TOO_FEW.format(count=self.screen.least)
            self.host.notice(form_texts.TOO_FEW_TITLE, words, "list-checks")
            return
        self.host.answer(answer)

    def _flip(self, item: Item) -> None:
        before = self.chosen
        after = item if item.fixed else flipped(self.screen.items, before, item.value)
        if isinstance(after, Item):
            why = after.reason or (form_texts.FIXED_CHOSEN if after.chosen else form_texts.FIXED_OUT)
            self.host.notice(form_texts.FIXED_TITLE.format(label=after.label), why, "lock")
            return
        self.state["chosen"] = after
        changed = [i for i in self.screen.items if i.value in before ^ after and i is not item]
        words = form_texts.TAKEN_ALONG if item.value in after else form_texts.DROPPED_ALONG
        self.state["said"] = words.format(names=_names(changed)) if changed else None
        self.host.redraw()

    def build(self, board: Board, box: Box, reach: float) -> None:
        words = board.say(self.screen.note) if self.screen.note else ""
        note_h = note_height(board, words, box.w, icon=True) + _GAP if words else 0.0
        y = box.y + self._status(board, box) + _GAP
        area = Box(box.x, max(y, reach), box.w, box.bottom - max(y, reach) - note_h)

        def height(item: Item) -> float:
            return self._height(board, item, area.w) + _GAP

        pages = pages_of(self.screen.items, height, area.h + _GAP)
        if len(pages) > 1:
            pages = balanced(self.screen.items, height, area.h - _BAR)
        number = self.page(len(pages))
        shown = pages[number]
        spare = area.h + _GAP - sum(map(height, shown)) - (_BAR + _GAP if len(pages) > 1 else 0)
        more = min(40.0, max(0.0, spare) / len(shown))
        y = area.y
        for item in shown:
            row = Box(area.x, y, area.w, height(item) - _GAP + more)
            self._row(board, item, row)
            y = row.bottom + _GAP
        if len(pages) > 1:
            self.pager(board, Box(area.x, area.bottom - _BAR, area.w, _BAR), number, len(pages))
        if words:
            note(board, words, Box(box.x, box.bottom - note_h + _GAP, box.w, note_h), icon="info")

    def _status(self, board: Board, box: Box) -> float:
        """How many are chosen, or what went with the last touch; the rows stand still below either."""
        count = form_texts.CHOSEN_OF.format(count=len(self.chosen), total=len(self.screen.items))
        said: Text | None = self.state.get("said")
        along = [_names(others) for item in self.screen.items if (others := self._others(item))]
        every = [w.format(names=names) for names in along for w in (form_texts.TAKEN_ALONG, form_texts.DROPPED_ALONG)]
        height = max(banner_height(board, board.say(words), box.w) for words in (count, *every))
        icon = "list-checks" if said is None else "link"
        banner(board, board.say(said or count), Box(box.x, box.y, box.w, 0), tone="info", icon=icon)
        return height

    def _others(self, item: Item) -> list[Item]:
        """The most that can go with a touch on this item."""
        along = with_needs(self.screen.items, item.value) | with_needing(self.screen.items, item.value)
        return [other for other in self.screen.items if other.value in along and other is not item and not item.fixed]

    def _room(self, width: float) -> float:
        return width - 128 - 40

    def _lines(self, board: Board, item: Item) -> tuple[str, str]:
        second = item.reason if item.fixed and item.reason else item.hint
        return board.say(item.label), board.say(second) if second else ""

    def _height(self, board: Board, item: Item, width: float) -> float:
        kinds = board.frame.prefs.type
        label, second = self._lines(board, item)
        height = board.text_height(label, self._room(width), kinds.body + 4, True)
        height += board.text_height(second, self._room(width), kinds.small) if second else 0
        return max(112.0, height + 40)

    def _row(self, board: Board, item: Item, box: Box) -> None:
        c, kinds = board.c, board.frame.prefs.type
        on = item.value in self.chosen
        fill = c.disabled if item.fixed and not on else c.tint if on else c.surface
        board.rounded(box, fill, line=c.line if item.fixed else c.primary, stroke=5 if on and not item.fixed else 3)
        icon = ("lock" if on else "ban") if item.fixed else "square-check-big" if on else "square"
        blue = c.on_disabled if item.fixed and not on else c.on_tint
        board.icon(icon, box.x + 68, box.y + box.h / 2, 60 if not item.fixed else 52, blue)
        label, second = self._lines(board, item)
        room = self._room(box.w)
        label_h = board.text_height(label, room, kinds.body + 4, True)
        second_h = board.text_height(second, room, kinds.small) if second else 0.0
        y = box.y + (box.h - label_h - second_h) / 2
        ink = c.on_disabled if item.fixed and not on else c.ink
        board.text(label, Box(box.x + 128, y, room, label_h), size=kinds.body + 4, bold=True, colour=ink)
        if second:
            muted = ink if item.fixed and not on else c.on_tint if on else c.muted
            board.text(second, Box(box.x + 128, y + label_h - 2, room, second_h + 2), size=kinds.small, colour=muted)
        board.target(f"item:{item.value}", box, partial(self._flip, item))


def _names(items: Sequence[Item]) -> Text:
    return Text("、".join(item.label.zh for item in items), ", ".join(item.label.en or item.label.zh for item in items))
