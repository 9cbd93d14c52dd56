"""上一页 · something · 下一页: a row for turning pages with another button in its middle."""

from __future__ import annotations

from functools import partial

from kiosk import texts
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body

BAR = 92.0
_GAP = 24.0


def bar(body: Body, board: Board, box: Box, number: int, count: int, middle: Action | None) -> None:
    """The row at the bottom of a list on `count` pages; with one page only the button of the middle, if any."""
    kinds = board.frame.prefs.type
    if middle is None:
        body.pager(board, box, number, count)
        return
    if count == 1:
        label = board.say(middle.label)
        board.button(middle.touch_id, label, box, middle.tap, kind="outline", icon=middle.icon, size=kinds.body)
        return
    size = kinds.small + 2
    side = (box.w - 2 * _GAP) * 0.29
    for touch_id, words, place, icon, step in (
        ("page:prev", texts.PREVIOUS_PAGE, Box(box.x, box.y, side, box.h), "chevron-left", -1),
        ("page:next", texts.NEXT_PAGE, Box(box.right - side, box.y, side, box.h), "chevron-right", 1),
    ):
        can = 0 <= number + step < count
        board.button(
            touch_id,
            board.say(words),
            place,
            partial(body.turn, step) if can else None,
            kind="outline",
            icon=icon,
            icon_after=step > 0,
            size=size,
            enabled=can,
        )
    centre = Box(box.x + side + _GAP, box.y, box.w - 2 * (side + _GAP), box.h)
    board.button(middle.touch_id, board.say(middle.label), centre, middle.tap, kind="tint", icon=middle.icon, size=size)
