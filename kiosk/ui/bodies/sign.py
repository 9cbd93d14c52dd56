"""A signature by finger. What is drawn stays in the screen's state; its picture is made beside the loop."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from itertools import pairwise

from kivy.graphics import Color, Line
from PIL import Image, ImageDraw

from kiosk import form_texts
from kiosk.service_screens import Sign
from kiosk.ui.board import Board, Box, Target, rgb
from kiosk.ui.bodies.base import Action, Body, banner, note_height
from kiosk.ui.bodies.base import note as small_note

Stroke = list[tuple[float, float]]

_GAP = 28.0
_PAD_HEIGHT = 460.0
_WIDTH = 900  # of the picture, pixels
_PEN = 7  # of the picture, pixels; also of the screen, reference pixels
_LEAST = 60.0  # reference pixels of line: a touch by mistake is no signature
_OVERSAMPLE = 2


def length(strokes: Sequence[Stroke]) -> float:
    """Of all lines together."""
    pairs = [(a, b) for stroke in strokes for a, b in pairwise(stroke)]
    return sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairs)


def picture(strokes: Sequence[Stroke], width: float, height: float) -> bytes:
    """PNG, black on white, of strokes in a box of that size (origin top left)."""
    scale = _WIDTH * _OVERSAMPLE / width
    size = _WIDTH * _OVERSAMPLE, round(height * scale)
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    pen = _PEN * _OVERSAMPLE
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=0, width=pen, joint="curve")
        for x, y in points:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=0)
    out = io.BytesIO()
    image.reduce(_OVERSAMPLE).save(out, "PNG", optimize=True)
    return out.getvalue()


class SignBody(Body):
    """`state["strokes"]`: lists of places in the box, reference pixels from its top left, so that a change of language
    or type keeps them; `state["made"]`: where the picture is put when it is ready."""

    screen: Sign

    @property
    def strokes(self) -> list[Stroke]:
        drawn: list[Stroke] = self.state.setdefault("strokes", [])
        return drawn

    def actions(self) -> Sequence[Action]:
        making = "made" in self.state
        return (Action("primary", form_texts.SIGN_DONE, None if making else self._done, "primary", "check"),)

    def _clear(self) -> None:
        self.strokes.clear()
        self.host.redraw()

    def _done(self) -> None:
        if length(self.strokes) < _LEAST:
            self.host.notice(form_texts.SIGN_EMPTY_TITLE, form_texts.SIGN_EMPTY, "pen-line")
            return
        made: list[bytes] = []
        strokes, width, height = [list(stroke) for stroke in self.strokes], self._pad.w, self._pad.h
        threading.Thread(
            target=lambda: made.append(picture(strokes, width, height)), name="signature", daemon=True
        ).start()
        self.state["made"] = made
        self.host.redraw()

    def _collect(self) -> None:
        if self.state.get("made"):
            self.host.answer(self.state["made"][0])

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds = board.frame.prefs.type
        hint = board.say(form_texts.SIGN_HERE)
        hint_h = note_height(board, hint, box.w, icon=True)
        bar_h = 104.0
        bottom = Box(box.x, box.bottom - bar_h, box.w, bar_h)
        # The same box in every look: what was drawn in it must not be cut.
        pad = Box(box.x, bottom.y - _GAP - _PAD_HEIGHT, box.w, _PAD_HEIGHT)
        small_note(board, hint, Box(box.x, pad.y - hint_h - 16, box.w, hint_h), icon="pen-line")
        if "made" in self.state:
            words = board.say(form_texts.SIGNING)
            banner(board, words, Box(box.x, box.y, box.w, 0), tone="info", icon="loader")
            self.every(1 / 30, self._collect)
        else:
            self._statement(board, Box(box.x, box.y, box.w, pad.y - hint_h - 16 - _GAP - box.y))
        self._pad = pad
        self._draw_pad(board, pad)
        board.button(
            "clear",
            board.say(form_texts.SIGN_AGAIN),
            bottom,
            self._clear,
            kind="outline",
            icon="eraser",
            size=kinds.body + 4,
        )

    def _statement(self, board: Board, room: Box) -> None:
        """In the largest type that has room."""
        kinds, words = board.frame.prefs.type, board.say(self.screen.statement)
        size, width = float(kinds.title), room.w - 88
        while board.text_height(words, width, size) > room.h - 56 and size > kinds.small:
            size -= 2
        height = board.text_height(words, width, size)
        board.card(Box(room.x, room.y, room.w, height + 56))
        board.text(words, Box(room.x + 44, room.y + 28, width, height), size=size)

    def _draw_pad(self, board: Board, pad: Box) -> None:
        c = board.c
        # Paper is white and ink is black, whatever the screen's colours.
        board.rounded(pad, "#FFFFFF", line=c.primary, stroke=5)
        base = pad.bottom - pad.h * 0.22
        board.rect(Box(pad.x + 60, base, pad.w - 120, 3), "#9AA7B4")
        board.icon("x", pad.x + 84, base - 34, 40, "#5A6978")
        self._ink = board.sub()
        for stroke in self.strokes:
            self._line(stroke)
        target = Target("sign", board.frame.place(pad), enabled=True, tap=lambda: None)
        target.trace = self._trace
        board.add_widget(target)

    def _window(self, x: float, y: float) -> tuple[float, float]:
        frame = self._ink.frame
        left, bottom, _, height = frame.place(self._pad)
        return left + x * frame.unit, bottom + height - y * frame.unit

    def _trace(self, x: float, y: float, begin: bool) -> None:
        if "made" in self.state:
            return
        frame = self._ink.frame
        left, bottom, width, height = frame.place(self._pad)
        edge = _PEN * frame.unit
        inside = left + edge <= x <= left + width - edge and bottom + edge <= y <= bottom + height - edge
        if not inside:
            self._broken = True
            return
        place = (x - left) / frame.unit, (bottom + height - y) / frame.unit
        if begin or self._broken or not self.strokes:
            self.strokes.append([place])
            self._broken = False
            self._line(self.strokes[-1])
            return
        self.strokes[-1].append(place)
        points = self._current.points
        self._current.points = [*points, *self._window(*place)]

    _broken = False

    def _line(self, stroke: Stroke) -> None:
        frame = self._ink.frame
        points = [value for place in stroke for value in self._window(*place)]
        with self._ink.canvas:
            Color(*rgb("#000000"))
            self._current = Line(points=points, width=_PEN * frame.unit / 2, cap="round", joint="round")
