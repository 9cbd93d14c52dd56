"""What stays the same on every screen: header, the line above the question, actions, foot."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from content.schema.text import Language, Text
from kiosk import texts
from kiosk.screens import Screen
from kiosk.ui import theme
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body

if TYPE_CHECKING:
    from kiosk.ui.surface import Surface

W = theme.REFERENCE_WIDTH
_CLOCK_RIGHT = 658.0  # the clock ends here when the two buttons stand in the header
_SMALL = 28.0


def _band(board: Board, box: Box, colour: str) -> None:
    """A strip over the whole window, also beside the portrait column."""
    side = board.frame.left / board.frame.unit + 1
    board.rect(Box(box.x - side, box.y, box.w + 2 * side, box.h), colour)


def header(surface: Surface, board: Board, box: Box, screen: Screen[Any]) -> None:
    """门 mark, site, language, 无障碍; the steps of the journey as segments below."""
    c = board.c
    _band(board, box, c.surface)
    _band(board, Box(0, box.bottom - 2, W, 2), c.line)
    middle = box.h / 2 - 2
    mark = Box(40, middle - 38, 76, 76)
    board.rounded(mark, c.primary)
    board.text("门", mark, size=46, bold=True, colour=c.on_primary, align="center", valign="middle")
    low = surface.prefs.low_reach
    room = (W - 40 - 230 if low else 462) - 136
    name = board.say(surface.config.site_name)
    size = 36.0
    while board.measure(name, size, True) > room and size > 26:
        size -= 1
    name_h = board.text_height(name, room, size, True)
    sub = board.say(texts.ROUND_THE_CLOCK)
    lines = board.wrap(name, room, size, True)
    sub_h = board.text_height(sub, room, _SMALL) if len(lines) == 1 else 0.0
    top = middle - (name_h + sub_h) / 2
    board.text(name, Box(136, top, room, name_h), size=size, bold=True)
    if sub_h:
        board.text(sub, Box(136, top + name_h - 4, room, sub_h + 4), size=_SMALL, colour=c.muted)
    if not low:
        _language(surface, board, Box(686, middle - 42, 142, 84))
        _access(surface, board, Box(860, middle - 42, 180, 84))
    if screen.trail is not None:
        _steps(board, Box(theme.MARGIN, box.bottom - 6, W - 2 * theme.MARGIN, 10), screen.trail.step)


def _language(surface: Surface, board: Board, box: Box, kind: str = "tint") -> None:
    board.button("lang", board.say(texts.LANGUAGE_BUTTON), box, surface.toggle_language, kind=kind, size=30)


def _access(surface: Surface, board: Board, box: Box, kind: str = "tint") -> None:
    board.button(
        "access", board.say(texts.ACCESS), box, surface.open_access, kind=kind, size=30, icon="person-standing"
    )


def _steps(board: Board, box: Box, step: Any) -> None:
    c = board.c
    for number, segment in enumerate(box.columns(step.total, 8), start=1):
        reached = number <= step.number
        board.rounded(segment, c.primary if reached else c.line, radius=5, line=c.line if c.heavy_lines else None)
        if c.heavy_lines and not reached:
            board.rounded(segment.inset(2), c.surface, radius=4)


def clock_text(now: datetime) -> str:
    return now.strftime("%H:%M %Y-%m-%d")


def clock(board: Board, box: Box, now: datetime) -> None:
    """Time over date, Asia/Shanghai, right-aligned before the buttons."""
    right = (W - 40) if board.frame.prefs.low_reach else _CLOCK_RIGHT
    weekday = board.say(texts.WEEKDAYS[now.weekday()])
    if board.frame.prefs.language is Language.EN:
        date = f"{weekday} {now.day} {texts.MONTHS_EN[now.month - 1]}"
    else:
        date = f"{now.month}月{now.day}日 {weekday}"
    middle = box.h / 2 - 2
    board.text(
        now.strftime("%H:%M"),
        Box(right - 210, middle - 56, 210, 64),
        size=44,
        bold=True,
        align="right",
        valign="middle",
    )
    board.text(
        date,
        Box(right - 220, middle + 8, 220, 42),
        size=28,
        colour=board.c.muted,
        align="right",
        valign="middle",
    )


def question(board: Board, box: Box, screen: Screen[Any], body: Body) -> float:
    """Where the resident is, and the one question. Returns where the body begins."""
    kinds = board.frame.prefs.type
    y = box.y + 40
    if screen.trail is not None:
        step = screen.trail.step
        line = board.say(texts.STEP.format(service=screen.trail.service, number=step.number, total=step.total))
        y += board.text(line, Box(box.x, y, box.w, kinds.small * 1.5), size=kinds.small, colour=board.c.muted) + 6
    text = board.say(body.question())
    size = float(kinds.question)
    while len(board.wrap(text, box.w, size, True)) > 2 and size > kinds.title:
        size -= 2
    height = board.text_height(text, box.w, size, True)
    board.text(text, Box(box.x, y, box.w, height), size=size, bold=True)
    natural = y + height + 32
    # The zone's share is the rule; one short question leaves part of it to the body.
    return max(natural, box.y + theme.REFERENCE_HEIGHT * theme.MESSAGE * 0.72)


def actions(surface: Surface, board: Board, box: Box, screen: Screen[Any], body: Body) -> None:
    """返回 left, 首页 / 结束办理 middle, the main action right and largest."""
    c, kinds = board.c, board.frame.prefs.type
    _band(board, box, c.surface)
    _band(board, Box(0, box.y, W, 2), c.line)
    buttons: list[tuple[Action, float]] = []
    if screen.can_go_back:
        buttons.append((Action("back", texts.BACK, surface.go_back, "neutral", "chevron-left"), 1.05))
    if screen.can_leave:
        label: Text = texts.HOME if screen.trail is None else texts.END
        icon = "house" if screen.trail is None else None
        buttons.append((Action("leave", label, surface.leave, "neutral", icon), 1.15))
    own = list(body.actions())
    for number, action in enumerate(own):
        last = number == len(own) - 1
        buttons.append((action, 1.85 if last and action.kind == "primary" and len(buttons) < 3 else 1.15))
    if not buttons:
        return
    inner = Box(theme.MARGIN, box.y + 48, W - 2 * theme.MARGIN, box.h - 96)
    gap = 32.0
    unit = (inner.w - gap * (len(buttons) - 1)) / sum(weight for _, weight in buttons)
    x = inner.x
    for action, weight in buttons:
        width = unit * weight
        board.button(
            action.touch_id,
            board.say(action.label),
            Box(x, inner.y, width, inner.h),
            action.tap,
            kind=action.kind,
            size=kinds.title,
            icon=action.icon,
            enabled=action.tap is not None,
        )
        x += width + gap


def foot(surface: Surface, board: Board, box: Box) -> None:
    """Hotline, staff call, terminal number; in low-reach mode also the header's two buttons."""
    c = board.c
    side = board.frame.top / board.frame.unit + 1
    _band(board, Box(box.x, box.y, box.w, box.h + side), c.foot)
    if c.heavy_lines:
        _band(board, Box(0, box.y, W, 2), c.line)
    size = 28.0
    middle = Box(theme.MARGIN, box.y, box.w - 2 * theme.MARGIN, box.h)
    hotline = board.say(texts.HOTLINE.format(number=surface.hotline))
    low = surface.prefs.low_reach
    hotline_w = board.measure(hotline, size, True) + 8
    call = board.say(texts.CALL_STAFF)
    call_w = board.measure(call, size, True) + 110
    board.text(
        hotline, Box(middle.x, middle.y, hotline_w, middle.h), size=size, bold=True, colour=c.on_foot, valign="middle"
    )
    call_x = middle.x + hotline_w + 36
    board.button(
        "call-staff",
        call,
        Box(call_x, box.y + (box.h - 78) / 2, call_w, 78),
        surface.call_staff,
        kind="foot",
        size=size,
        icon="hand-helping",
    )
    if low:
        y = box.y + (box.h - 78) / 2
        _access(surface, board, Box(middle.right - 180, y, 180, 78), kind="foot")
        _language(surface, board, Box(middle.right - 180 - 32 - 136, y, 136, 78), kind="foot")
        return
    if surface.config.terminal_number:
        board.text(
            board.say(texts.TERMINAL.format(number=surface.config.terminal_number)),
            Box(call_x + call_w + 16, middle.y, middle.right - call_x - call_w - 16, middle.h),
            size=28,
            colour=c.foot_muted,
            align="right",
            valign="middle",
        )
