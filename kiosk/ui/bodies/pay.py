"""Paying by phone: the amount huge, the code crisp, three steps, and how long there is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from kiosk import texts
from kiosk.screens import Pay, PayAnswer
from kiosk.ui import paint
from kiosk.ui.board import Board, Box
from kiosk.ui.bodies.base import Action, Body, amount, note, note_height


class PayBody(Body):
    screen: Pay

    def actions(self) -> Sequence[Action]:
        return (
            Action("cancel", texts.PAY_CANCEL, partial(self.host.answer, PayAnswer.CANCEL), "neutral"),
            Action("more-time", texts.PAY_MORE_TIME, partial(self.host.answer, PayAnswer.MORE_TIME), "outline"),
        )

    def _deadline(self) -> float:
        """Monotonic time of the end; counted from when this content was first shown, not from a redraw."""
        if self.state.get("screen") is not self.screen:
            self.state["screen"] = self.screen
            self.state["deadline"] = time.monotonic() + self.screen.expires_in_s
        return float(self.state["deadline"])

    def build(self, board: Board, box: Box, reach: float) -> None:
        y = box.y + self._bill(board, box) + 28
        words = board.say(self.screen.note)
        note_h = note_height(board, words, box.w, icon=True)
        card = Box(box.x, y, box.w, min(760.0, box.bottom - y - note_h - 28))
        board.card(card)
        self._pay(board, card.inset(44, 40))
        note(board, words, Box(box.x, card.bottom + 24, box.w, note_h), icon="info")

    def _bill(self, board: Board, box: Box) -> float:
        c, kinds = board.c, board.frame.prefs.type
        price = amount(self.screen.amount_fen)
        price_w = board.measure(price, kinds.huge, True) + 8
        room = box.w - 88 - price_w - 32
        lines = [f"{board.say(e.label)}  {board.say(e.value)}" for e in self.screen.entries]
        size = kinds.small
        heights = [board.text_height(line, room, size) for line in lines]
        label = board.say(texts.AMOUNT)
        price_h = kinds.huge * 1.45
        height = max(sum(heights) + 64, price_h + kinds.small * 1.5 + 32)
        card = Box(box.x, box.y, box.w, height)
        board.card(card)
        y = card.y + (height - sum(heights)) / 2
        for line, h in zip(lines, heights, strict=True):
            board.text(line, Box(card.x + 44, y, room, h), size=size, colour=c.muted)
            y += h
        top = card.y + (height - price_h - kinds.small * 1.4) / 2
        right = Box(card.right - 44 - price_w, top, price_w, kinds.small * 1.5)
        board.text(label, right, size=kinds.small, colour=c.muted, align="right")
        board.text(
            price,
            Box(right.x, top + kinds.small * 1.4, price_w, price_h),
            size=kinds.huge,
            bold=True,
            align="right",
            valign="middle",
            wrap=False,
        )
        return height

    def _pay(self, board: Board, box: Box) -> None:
        kinds, c = board.frame.prefs.type, board.c
        bar_h = 40 + kinds.small * 1.5
        upper = Box(box.x, box.y, box.w, box.h - bar_h - 20)
        texture, modules = paint.qr_texture(self.screen.qr)
        title = board.say(self.screen.channel)
        steps = [board.say(t) for t in (texts.PAY_STEP_1, texts.PAY_STEP_2, texts.PAY_STEP_3)]
        # The code as large as leaves each step a line of its own, but never below two fifths of the width.
        most = int(board.frame.px(min(upper.h + 40, upper.w * 0.56)) // modules)
        least = max(1, int(board.frame.px(min(upper.h, upper.w * 0.5)) // modules))
        need = max(board.measure(words, kinds.body) for words in steps) + kinds.body * 1.5 + 30
        step = next((n for n in range(most, least, -1) if upper.w + 14 - n * modules / board.frame.unit >= need), least)
        side = step * modules / board.frame.unit
        qr = Box(box.x - 26, upper.y + (upper.h - side) / 2, side, side)
        board.rounded(qr, "#FFFFFF", radius=8)  # a code is read dark on white in every theme
        board.picture(texture, qr)
        x = qr.right + 12
        width = box.right - x
        title_h = board.text_height(title, width, kinds.title - 4, True)
        size = float(kinds.body)
        while size > kinds.small and sum(board.text_height(w, width - size * 1.5 - 18, size) for w in steps) > (
            upper.h - title_h - 60
        ):
            size -= 2
        dot = size * 1.5
        heights = [max(board.text_height(s, width - dot - 18, size), dot) for s in steps]
        gap = max(8.0, min(22.0, (upper.h - title_h - 24 - sum(heights)) / 2))
        total = title_h + 24 + sum(heights) + gap * 2
        y = upper.y + max(0.0, (upper.h - total) / 2)
        board.text(title, Box(x, y, width, title_h), size=kinds.title - 4, bold=True)
        y += title_h + 24
        for number, (words, h) in enumerate(zip(steps, heights, strict=True), start=1):
            board.circle(x + dot / 2, y + dot / 2, dot / 2, c.tint, c.primary if c.heavy_lines else None)
            board.text(
                str(number),
                Box(x, y, dot, dot),
                size=kinds.small,
                bold=True,
                colour=c.on_tint,
                align="center",
                valign="middle",
            )
            board.text(words, Box(x + dot + 18, y, width - dot - 18, h), size=size, valign="middle")
            y += h + gap
        self._bar = Box(box.x, box.bottom - bar_h, box.w, bar_h)
        self._bar_board = board.sub()
        self._shown = -1
        self._count()
        self.every(0.25, self._count)

    def _count(self) -> None:
        left = max(0, round(self._deadline() - time.monotonic()))
        if left == self._shown:
            return
        self._shown = left
        board, box = self._bar_board, self._bar
        board.wipe()
        c, size = board.c, board.frame.prefs.type.small
        track = Box(box.x, box.y + 6, box.w, 18)
        board.rounded(track, c.tint, radius=9, line=c.line if c.heavy_lines else None)
        share = min(1.0, left / self.screen.total_s) if self.screen.total_s > 0 else 0.0
        if share > 0:
            board.rounded(Box(track.x, track.y, max(18.0, track.w * share), 18), c.primary, radius=9)
        if left:
            words = texts.PAY_LEFT.format(minutes=left // 60, seconds=f"{left % 60:02d}")
        else:
            words = texts.PAY_OVER
        board.text(
            board.say(words),
            Box(box.x, box.y + 36, box.w, size * 1.5),
            size=size,
            bold=left <= 30,
            colour=c.danger_ink if left <= 30 else c.muted,
        )
