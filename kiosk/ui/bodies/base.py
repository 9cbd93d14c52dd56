"""What every screen's module builds on: the body between the question and the actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from kivy.clock import Clock

from content.schema.text import Text
from kiosk import texts
from kiosk.screens import Entry, Milestone, Screen, Tile
from kiosk.ui import theme
from kiosk.ui.board import Board, Box
from kiosk.ui.theme import Prefs

T = TypeVar("T")
Tap = Callable[[], None]


@dataclass(frozen=True)
class Action:
    """A button of the actions zone, right of 返回 and 首页."""

    touch_id: str
    label: Text
    tap: Tap | None
    kind: str = "primary"
    icon: str | None = None


class Host(Protocol):
    """What a body may ask of the surface it stands on."""

    prefs: Prefs
    hotline: str

    def answer(self, value: Any) -> None:
        """Answer the pending ask of this screen, once."""

    def redraw(self, *, elsewhere: bool = False) -> None:
        """Build the screen anew, keeping its state (a page was turned). `elsewhere`: other targets than before stand
        where the finger is; as on a new screen, it is not listened to while it goes on tapping there."""

    def redraw_actions(self) -> None:
        """Build only the actions zone anew (the main action became possible)."""

    def set_prefs(self, prefs: Prefs) -> None:
        """Change language, type, colours or reach; redraws."""

    def notice(self, title: Text, body: Text, icon: str = "info") -> None:
        """A small panel over the screen that the resident closes."""


class Body:
    """One kind of screen. `state` outlives a redraw (language, type size, new content), not the next ask."""

    zone_actions: ClassVar[bool] = True  # the actions zone is part of this screen
    zone_question: ClassVar[bool] = True

    def __init__(self, screen: Screen[Any], host: Host, state: dict[str, Any]) -> None:
        self.screen: Any = screen
        self.host = host
        self.state = state
        self._clocks: list[Any] = []

    def question(self) -> Text:
        return self.screen.question

    def actions(self) -> Sequence[Action]:
        return ()

    def build(self, board: Board, box: Box, reach: float) -> None:
        """Lay the body out in `box`; nothing touchable above `reach` (reference pixels from the top)."""

    def build_over(self, board: Board) -> None:
        """Lay this screen over another one, as a sheet. Raises TypeError for a kind that is never laid over."""
        raise TypeError(f"{type(self.screen).__name__} cannot be laid over another screen")

    def back(self) -> bool:
        """返回 was touched. True: it went back within this screen, which stays."""
        return False

    def every(self, seconds: float, call: Tap) -> None:
        """Call regularly until the screen goes."""
        self._clocks.append(Clock.schedule_interval(lambda _dt: call(), seconds))

    def stop(self) -> None:
        for clock in self._clocks:
            clock.cancel()
        self._clocks.clear()

    # --- pages ---

    def turn(self, step: int) -> None:
        self.state["page"] = self.state.get("page", 0) + step
        self.host.redraw()

    def page(self, count: int) -> int:
        number = max(0, min(self.state.get("page", 0), count - 1))
        self.state["page"] = number
        return number

    def pager(self, board: Board, box: Box, number: int, count: int) -> None:
        """上一页 · 第 n 页 · 下一页 in a row."""
        size = board.frame.prefs.type.small
        w = min(300.0, box.w * 0.32)
        board.button(
            "page:prev",
            board.say(texts.PREVIOUS_PAGE),
            Box(box.x, box.y, w, box.h),
            (lambda: self.turn(-1)) if number > 0 else None,
            kind="outline",
            icon="chevron-left",
            size=size,
            enabled=number > 0,
        )
        board.button(
            "page:next",
            board.say(texts.NEXT_PAGE),
            Box(box.right - w, box.y, w, box.h),
            (lambda: self.turn(1)) if number < count - 1 else None,
            kind="outline",
            icon="chevron-right",
            icon_after=True,
            size=size,
            enabled=number < count - 1,
        )
        board.text(
            board.say(texts.PAGE.format(number=number + 1, total=count)),
            Box(box.x + w, box.y, box.w - 2 * w, box.h),
            size=size,
            colour=board.c.muted,
            align="center",
            valign="middle",
        )


def pages_of(items: Sequence[T], height: Callable[[T], float], room: float) -> list[list[T]]:
    """Items put on pages of `room` height; an item higher than a page has one alone."""
    pages: list[list[T]] = [[]]
    left = room
    for item in items:
        need = height(item)
        if pages[-1] and need > left:
            pages.append([])
            left = room
        pages[-1].append(item)
        left -= need
    return pages


def balanced(items: Sequence[T], height: Callable[[T], float], room: float) -> list[list[T]]:
    """`pages_of` with the same number of pages, but no nearly empty last one."""
    pages = pages_of(items, height, room)
    least = max(map(height, items), default=0.0)
    while len(pages) > 1 and room * 0.95 >= least:
        room *= 0.95
        tighter = pages_of(items, height, room)
        if len(tighter) > len(pages):
            break
        pages = tighter
    return pages


class EntryTable:
    """Labelled values in a card: bold label left, value right, a rule between; paged when they do not fit."""

    PAD = 44.0

    def __init__(self, board: Board, width: float, *, size: float | None = None) -> None:
        self.board = board
        self.width = width
        self.size = size or board.frame.prefs.type.body
        self.small = board.frame.prefs.type.small
        self.label_w = 0.0
        self.row_pad = 20.0

    def measure(self, entries: Sequence[Entry]) -> None:
        widest = max((self.board.measure(self.board.say(e.label), self.size, True) for e in entries), default=0)
        self.label_w = min(widest + 44, (self.width - 2 * self.PAD) * 0.36)

    @classmethod
    def fitting(cls, board: Board, entries: Sequence[Entry], box: Box) -> EntryTable:
        """The table in the largest of three sizes in which everything stands on one page."""
        body = board.frame.prefs.type.body
        for size in (body + 8, body + 4, body):
            table = cls(board, box.w, size=size)
            table.measure(entries)
            if sum(table.height(entry) for entry in entries) + 2 * 16 <= box.h:
                break
        return table

    def show(self, body: Body, entries: Sequence[Entry], box: Box) -> float:
        """Draw the entries, on pages with a pager at the bottom of the box if need be; returns the height used."""
        pages = pages_of(entries, self.height, box.h - 32)
        if len(pages) == 1:
            body.state.pop("page", None)
            return self.draw(pages[0], box, fill=True)
        pages = balanced(entries, self.height, box.h - 32 - 112)
        number = body.page(len(pages))
        self.draw(pages[number], Box(box.x, box.y, box.w, box.h - 112), fill=True)
        body.pager(self.board, Box(box.x, box.bottom - 88, box.w, 88), number, len(pages))
        return box.h

    def height(self, entry: Entry) -> float:
        b = self.board
        value_w = self.width - 2 * self.PAD - self.label_w
        label_h = b.text_height(b.say(entry.label), self.label_w - 24, self.size, True)
        value_h = b.text_height(b.say(entry.value), value_w, self.size)
        if entry.source:
            value_h += b.text_height(b.say(entry.source), value_w, self.small)
        return max(label_h, value_h) + 2 * self.row_pad + 2

    def draw(self, entries: Sequence[Entry], box: Box, *, fill: bool = False) -> float:
        """Draw the card at the top of the box; returns its height. `fill`: rows share the box's spare height."""
        b = self.board
        heights = [self.height(e) for e in entries]
        spare = 0.0
        if fill and entries:
            spare = min(56.0, max(0.0, box.h - sum(heights) - 2 * 16) / len(entries))
        total = sum(heights) + spare * len(entries) + 2 * 16
        b.card(Box(box.x, box.y, box.w, total))
        y = box.y + 16
        inner_x, value_x = box.x + self.PAD, box.x + self.PAD + self.label_w
        value_w = box.w - 2 * self.PAD - self.label_w
        for number, (entry, height) in enumerate(zip(entries, heights, strict=True)):
            top = y + self.row_pad + spare / 2
            if number:
                b.rule(inner_x, y, box.w - 2 * self.PAD)
            b.text(
                b.say(entry.label),
                Box(inner_x, top, self.label_w - 24, height - 2 * self.row_pad),
                size=self.size,
                bold=True,
                colour=b.c.on_tint,
            )
            used = b.text(b.say(entry.value), Box(value_x, top, value_w, height - 2 * self.row_pad), size=self.size)
            if entry.source:
                b.text(
                    b.say(entry.source),
                    Box(value_x, top + used, value_w, height - 2 * self.row_pad - used),
                    size=self.small,
                    colour=b.c.muted,
                )
            y += height + spare
        return total


def note(board: Board, text: str, box: Box, *, icon: str | None = None, colour: str | None = None) -> float:
    """A muted line below the main matter; returns its height."""
    size = board.frame.prefs.type.small
    colour = colour or board.c.muted
    indent = size * 1.6 if icon else 0.0
    if icon:
        board.icon(icon, box.x + size * 0.6, box.y + size * 0.76, size * 1.15, colour)
    return board.text(text, Box(box.x + indent, box.y, box.w - indent, box.h), size=size, colour=colour)


def note_height(board: Board, text: str, width: float, *, icon: bool = False) -> float:
    size = board.frame.prefs.type.small
    return board.text_height(text, width - (size * 1.6 if icon else 0), size)


def banner(board: Board, text: str, box: Box, *, tone: str, icon: str, size: float | None = None) -> float:
    """A tinted strip with an icon: a hint, a problem. Returns its height."""
    c = board.c
    fill, ink = {
        "problem": (c.danger_tint, c.danger_ink),
        "hint": (c.warning_tint, c.warning_ink),
        "info": (c.tint, c.on_tint),
        "good": (c.success_tint, c.success_ink),
    }[tone]
    size = size or board.frame.prefs.type.body
    indent = size * 1.2 + 28
    inner = Box(box.x + 32 + indent, box.y + 24, box.w - 64 - indent, box.h)
    height = board.text_height(text, inner.w, size, True) + 48
    board.rounded(Box(box.x, box.y, box.w, height), fill, line=ink, stroke=2)
    board.icon(icon, box.x + 32 + size * 0.6, box.y + height / 2, size * 1.25, ink)
    board.text(text, Box(inner.x, box.y, inner.w, height), size=size, bold=True, colour=ink, valign="middle")
    return height


def banner_height(board: Board, text: str, width: float, size: float | None = None) -> float:
    size = size or board.frame.prefs.type.body
    return board.text_height(text, width - 64 - size * 1.2 - 28, size, True) + 48


_STATE_ICONS = {"done": "circle-check", "now": "loader", "todo": "circle", "failed": "circle-x"}


def milestones(board: Board, items: Sequence[Milestone], box: Box, *, row: float = 104.0) -> float:
    """The machine's real progress, one line each; returns the height."""
    c, size = board.c, board.frame.prefs.type.body
    y = box.y
    for number, item in enumerate(items):
        colour = {"done": c.success_ink, "now": c.on_tint, "todo": c.muted, "failed": c.danger_ink}[item.state]
        label = board.say(item.label)
        bold = item.state in ("now", "failed")
        width = box.w - size * 2
        height = max(row, board.text_height(label, width, size, bold) + 36)
        if number:
            board.rule(box.x, y, box.w)
        board.icon(_STATE_ICONS[item.state], box.x + size * 0.7, y + height / 2, size * 1.3, colour)
        board.text(
            label,
            Box(box.x + size * 2, y, width, height),
            size=size,
            bold=bold,
            colour=colour,
            valign="middle",
        )
        y += height
    return y - box.y


def tile(
    board: Board, item: Tile, touch_id: str, box: Box, tap: Tap, *, upright: bool = False, compact: bool = False
) -> None:
    """A door or a service: icon in a tinted square, title, summary; greyed with its reason when unavailable."""
    c, kinds = board.c, board.frame.prefs.type
    off = item.unavailable is not None
    board.rounded(box, c.disabled if off else c.surface, line=c.line, stroke=3 if upright else 2)
    ink = c.on_disabled if off else c.ink
    blue = c.on_disabled if off else c.on_tint
    title, summary = board.say(item.title), board.say(item.unavailable or item.summary)
    if upright:
        side = min(box.h * 0.36, 150.0)
        title_h = board.text_height(title, box.w - 48, kinds.title, True)
        sum_h = board.text_height(summary, box.w - 48, kinds.small) if off else 0.0
        top = box.y + (box.h - side - 24 - title_h - sum_h) / 2
        board.icon(item.icon, box.x + box.w / 2, top + side / 2, side, blue)
        board.text(
            title,
            Box(box.x + 24, top + side + 24, box.w - 48, title_h),
            size=kinds.title,
            bold=True,
            colour=ink,
            align="center",
        )
        if off:
            board.text(
                summary,
                Box(box.x + 24, top + side + 24 + title_h, box.w - 48, sum_h),
                size=kinds.small,
                colour=ink,
                align="center",
            )
        board.target(touch_id, box, tap, enabled=not off)
        return
    side = min(box.h - 48, 112.0)
    board.rounded(Box(box.x + 26, box.y + (box.h - side) / 2, side, side), c.neutral if off else c.tint)
    board.icon(item.icon, box.x + 26 + side / 2, box.y + box.h / 2, side * 0.52, blue)
    x = box.x + 26 + side + 24
    width = box.right - x - 20
    size, small = kinds.title, kinds.small
    while size > kinds.body and len(board.wrap(title, width, size, True)) > 1:
        size -= 2
    title_h = board.text_height(title, width, size, True)
    lines = board.wrap(summary, width, small)
    room = int((box.h - 20 - title_h) // (small * 1.45))
    shown = "\n".join(lines) if len(lines) <= room and not compact else ""
    sum_h = board.text_height(shown, width, small) if shown else 0.0
    top = box.y + (box.h - title_h - sum_h) / 2
    board.text(title, Box(x, top, width, title_h), size=size, bold=True, colour=ink)
    if shown:
        board.text(
            shown,
            Box(x, top + title_h - 2, width, sum_h + 2),
            size=small,
            colour=ink if off else c.muted,
            wrap=False,
        )
    elif off:
        board.icon("info", box.right - 34, box.y + 34, 36, ink)
    board.target(touch_id, box, tap, enabled=not off)


def amount(fen: int) -> str:
    """Integer fen as "¥ 43.40"; refunds carry a minus sign."""
    sign = "-" if fen < 0 else ""
    yuan, cents = divmod(abs(fen), 100)
    return f"{sign}¥ {yuan:,}.{cents:02d}"


__all__ = [
    "Action",
    "Body",
    "EntryTable",
    "Host",
    "amount",
    "balanced",
    "banner",
    "banner_height",
    "milestones",
    "note",
    "note_height",
    "pages_of",
    "theme",
    "tile",
]
