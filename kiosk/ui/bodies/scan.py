"""A paper under the document camera: the live picture to place it by, then the one taken to look at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture

from kiosk import form_texts
from kiosk.screens import PreviewFrame
from kiosk.service_screens import Scan, ScanAnswer
from kiosk.ui.board import Board, Box, rgb
from kiosk.ui.bodies.base import Action, Body, banner, banner_height
from kiosk.ui.bodies.preview import paper

_FPS = 10
_GAP = 24.0
_MARK = "#FFC845"  # seen on dark trays and on white paper


class ScanBody(Body):
    screen: Scan

    def actions(self) -> Sequence[Action]:
        if self.screen.png is not None:
            keep = partial(self.host.answer, ScanAnswer.KEEP)
            return (Action("primary", form_texts.KEEP_PICTURE, keep, "primary", "check"),)
        take = partial(self.host.answer, ScanAnswer.TAKE)
        return (Action("primary", form_texts.TAKE_PICTURE, take, "primary", "camera"),)

    def build(self, board: Board, box: Box, reach: float) -> None:
        kinds, c = board.frame.prefs.type, board.c
        taken = self.screen.png is not None
        words = board.say(form_texts.LOOK_AT_PICTURE if taken else self.screen.hint)
        y = box.y
        banner(board, words, Box(box.x, y, box.w, 0), tone="info", icon="eye" if taken else "scan-line")
        y += banner_height(board, words, box.w) + _GAP
        button_h = 104.0 if taken or self.screen.pages else 0.0
        count_h = kinds.body * 1.5 + 16 if self.screen.pages else 0.0
        picture = Box(box.x, y, box.w, box.bottom - y - (button_h + _GAP if button_h else 0) - count_h)
        if taken:
            place = picture.inset(24, 20)
            paper(board, self.state, self.screen.png, place, valign="middle")
        else:
            self._live(board, picture)
        y = picture.bottom
        if self.screen.pages:
            kept = board.say(form_texts.PAGES_KEPT.format(count=self.screen.pages))
            board.icon("files", box.x + kinds.body * 0.6, y + 16 + kinds.body * 0.74, kinds.body * 1.2, c.success_ink)
            line = Box(box.x + kinds.body * 1.6, y + 16, box.w - kinds.body * 1.6, kinds.body * 1.5)
            board.text(kept, line, size=kinds.body, bold=True, colour=c.success_ink)
            y += count_h
        if button_h:
            again = ("again", form_texts.TAKE_AGAIN, ScanAnswer.AGAIN, "rotate-ccw")
            enough = ("enough", form_texts.ENOUGH_PAGES, ScanAnswer.ENOUGH, "file-check")
            touch_id, label, answer, icon = again if taken else enough
            board.button(
                touch_id,
                board.say(label),
                Box(box.x, y + _GAP, box.w, button_h),
                partial(self.host.answer, answer),
                kind="outline",
                icon=icon,
                size=kinds.body + 4,
            )

    # --- the live picture ---

    def _live(self, board: Board, box: Box) -> None:
        c = board.c
        board.rounded(box, c.disabled, line=c.line)
        inner = box.inset(12)
        self._inner = inner
        self._place = board.frame.place(inner)
        x, y, w, h = self._place
        with board.canvas:
            self._tint = Color(1, 1, 1, 0)
            self._rect = Rectangle(pos=(x, y), size=(w, h))
        self._waiting = board.sub()
        if self.screen.preview is None or not self.state.get("seen"):
            size = board.frame.prefs.type.body
            middle = box.y + box.h / 2
            self._waiting.icon("camera", box.x + box.w / 2, middle - 60, 120, c.on_disabled)
            self._waiting.text(
                board.say(form_texts.CAMERA_OPENING),
                Box(inner.x, middle + 24, inner.w, size * 1.5),
                size=size,
                colour=c.on_disabled,
                align="center",
            )
        self._marks = board.sub()
        self._marked: Box | None = None
        self._corners(inner)
        if self.screen.preview is not None:
            self._update()
            self.every(1 / _FPS, self._update)

    def _corners(self, box: Box) -> None:
        """The corners of what the camera sees: the paper belongs between them."""
        if box == self._marked:
            return
        self._marked = box
        board = self._marks
        board.wipe()
        long, thick, inset = 72.0, 8.0, 28.0
        with board.canvas:
            Color(*rgb(board.c.primary if not self.state.get("seen") else _MARK))
            for left in (True, False):
                for top in (True, False):
                    x = box.x + inset if left else box.right - inset - long
                    y = box.y + inset if top else box.bottom - inset - thick
                    px, py, pw, ph = board.frame.place(Box(x, y, long, thick))
                    Rectangle(pos=(px, py), size=(pw, ph))
                    x = box.x + inset if left else box.right - inset - thick
                    y = box.y + inset if top else box.bottom - inset - long
                    px, py, pw, ph = board.frame.place(Box(x, y, thick, long))
                    Rectangle(pos=(px, py), size=(pw, ph))

    def _update(self) -> None:
        frame = self.screen.preview.latest()
        if frame is None or frame is self.state.get("frame"):
            return
        self.state["frame"] = frame
        texture = self._texture(frame)
        texture.blit_buffer(frame.rgb, colorfmt="rgb", bufferfmt="ubyte")
        self.state["seen"] = True
        self._waiting.wipe()
        self._rect.texture = texture
        self._rect.tex_coords = (0, 1, 1, 1, 1, 0, 0, 0)  # its rows come from the top
        x, y, w, h = self._place
        factor = min(w / frame.width, h / frame.height)  # all of it: the corners must be seen
        size = frame.width * factor, frame.height * factor
        self._rect.pos = x + (w - size[0]) / 2, y + (h - size[1]) / 2
        self._rect.size = size
        self._tint.rgba = (1, 1, 1, 1)
        unit, box = self._marks.frame.unit, self._inner
        seen_w, seen_h = size[0] / unit, size[1] / unit
        self._corners(Box(box.x + (box.w - seen_w) / 2, box.y + (box.h - seen_h) / 2, seen_w, seen_h))

    def _texture(self, frame: PreviewFrame) -> Texture:
        texture = self.state.get("texture")
        if texture is None or texture.size != (frame.width, frame.height):
            texture = Texture.create(size=(frame.width, frame.height), colorfmt="rgb")
            self.state["texture"] = texture
        return texture

    def stop(self) -> None:
        super().stop()
        self.state.pop("frame", None)
