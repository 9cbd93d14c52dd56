"""While the sheet is printed: which one, what the machine is doing, and where it comes out."""

from __future__ import annotations

from kiosk import texts
from kiosk.screens import Printing
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Body, milestones
from kiosk.ui.bodies.preview import paper


class PrintingBody(Body):
    screen: Printing

    def build(self, board: Board, box: Box, reach: float) -> None:
        c, kinds = board.c, board.frame.prefs.type
        outlet = board.say(self.screen.outlet)
        outlet_h = board.text_height(outlet, box.w - 120, kinds.title, True)
        panel_h = outlet_h + 176
        area = Box(box.x, box.y, box.w, box.h - panel_h - 40)
        sheet_w = min(area.w * 0.6, area.h / 1.414)
        place = paper(board, self.state, self.screen.png, Box(area.x + 6, area.y + 4, sheet_w - 6, area.h - 4))
        x = place.right + 48
        right = Box(x, area.y, area.right - x, area.h)
        label = board.say(texts.SHEET.format(sheet=self.screen.sheet, sheets=self.screen.sheets))
        label_h = board.text_height(label, right.w, kinds.title - 6, True)
        board.text(label, Box(right.x, right.y, right.w, label_h), size=kinds.title - 6, bold=True, colour=c.on_tint)
        below = Box(right.x, right.y + label_h + 20, right.w, right.h - label_h - 20)
        count = max(1, len(self.screen.milestones))
        row = max(80.0, min(124.0, below.h / count))
        milestones(board, self.screen.milestones, below, row=row)
        panel = Box(box.x, place.bottom + 44, box.w, box.bottom - place.bottom - 44)
        arrow = min(168.0, panel.h - outlet_h - 88)
        top = panel.y + (panel.h - arrow - 16 - outlet_h) / 2
        board.rounded(panel, c.tint, line=c.line if c.heavy_lines else None)
        board.icon("arrow-down", panel.x + panel.w / 2, top + arrow / 2, arrow, c.on_tint)
        board.text(
            outlet,
            Box(panel.x + 60, top + arrow + 16, panel.w - 120, outlet_h),
            size=kinds.title,
            bold=True,
            colour=c.on_tint,
            align="center",
        )
