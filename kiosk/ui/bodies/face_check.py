"""Live picture in a soft oval, one instruction at a time; another way is always offered beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture

from kiosk import texts
from kiosk.screens import FaceAnswer, FaceCheck, FaceCue, PreviewFrame
from kiosk.ui import paint
from kiosk.ui.board import Board, Box, rgb
from kiosk.ui.bodies.base import Action, Body, note, note_height

_FPS = 12
_TURNS = {FaceCue.TURN_LEFT: "arrow-left", FaceCue.TURN_RIGHT: "arrow-right"}
_ICONS = {
    FaceCue.COME_CLOSER: "move-diagonal-2",
    FaceCue.LOOK: "eye",
    FaceCue.HOLD_STILL: "pause",
    FaceCue.CHECKING: "loader",
    FaceCue.NOBODY: "user-round",
    FaceCue.SEVERAL: "users-round",
    FaceCue.TOO_DARK: "sun",
    FaceCue.TOO_BRIGHT: "sun",
    **_TURNS,
}


class FaceCheckBody(Body):
    screen: FaceCheck

    def actions(self) -> Sequence[Action]:
        return ()

    def build(self, board: Board, box: Box, reach: float) -> None:
        words = board.say(texts.FACE_PRIVACY)
        note_h = note_height(board, words, box.w, icon=True)
        other_h = self._other_height(board, box.w)
        chips_h = 88.0
        below = note_h + 24 + other_h + 28 + chips_h + 28
        picture = Box(box.x, box.y, box.w, box.h - below)
        self._picture(board, picture)
        y = picture.bottom + 28
        self._chips(board, Box(box.x, y, box.w, chips_h))
        y += chips_h + 28
        self._other(board, Box(box.x, y, box.w, other_h))
        note(board, words, Box(box.x, y + other_h + 24, box.w, note_h), icon="shield-check")

    def _picture(self, board: Board, box: Box) -> None:
        c = board.c
        x, y, w, h = board.frame.place(box)
        with board.canvas:
            Color(*rgb(c.disabled))
            Rectangle(pos=(x, y), size=(w, h))
            self._tint = Color(1, 1, 1, 0)
            self._rect = Rectangle(pos=(x, y), size=(w, h))
        badge = 64.0  # the cue's icon; the sentence itself is the screen's question
        veil, ring = paint.oval_mask(
            w, h, round(board.frame.px(28)), max(3, round(board.frame.px(9))), round(board.frame.px(badge))
        )
        with board.canvas:
            Color(*rgb(c.paper)[:3], 0.86)
            Rectangle(texture=veil, pos=(x, y), size=(w, h))
            good = self.screen.cue in (FaceCue.HOLD_STILL, FaceCue.CHECKING)
            bad = self.screen.cue in (FaceCue.NOBODY, FaceCue.SEVERAL, FaceCue.TOO_DARK, FaceCue.TOO_BRIGHT)
            Color(*rgb(c.success if good else c.warning if bad else c.primary))
            Rectangle(texture=ring, pos=(x, y), size=(w, h))
        self._waiting = board.sub()
        if not self.state.get("seen"):
            self._waiting.icon(
                "user-round", box.x + box.w / 2, box.y + box.h / 2 - 20, min(260.0, box.h * 0.4), c.muted
            )
        fill, ink = (
            (c.success, c.on_success) if good else (c.warning, c.on_warning) if bad else (c.primary, c.on_primary)
        )
        # A turn's arrow stands at the side to turn to, every other sign at the foot of the oval.
        cx, cy = box.x + box.w / 2, box.bottom - 20 - badge
        if self.screen.cue in _TURNS:
            cx, cy = box.x + box.w * (0.12 if self.screen.cue is FaceCue.TURN_LEFT else 0.88), box.y + box.h / 2
        board.circle(cx, cy, badge, fill)
        board.icon(_ICONS[self.screen.cue], cx, cy, badge * 1.2, ink)
        self._place = (x, y, w, h)
        if self.screen.preview is not None:
            self._update()
            self.every(1 / _FPS, self._update)

    def _update(self) -> None:
        frame = self.screen.preview.latest()
        if frame is None or frame is self.state.get("frame"):
            return
        self.state["frame"] = frame
        texture = self._texture(frame)
        texture.blit_buffer(frame.rgb, colorfmt="rgb", bufferfmt="ubyte")
        if not self.state.get("seen"):
            self.state["seen"] = True
        self._waiting.wipe()
        self._rect.texture = texture
        self._rect.tex_coords = self._crop(frame)
        self._tint.rgba = (1, 1, 1, 1)

    def _texture(self, frame: PreviewFrame) -> Texture:
        texture = self.state.get("texture")
        if texture is None or texture.size != (frame.width, frame.height):
            texture = Texture.create(size=(frame.width, frame.height), colorfmt="rgb")
            self.state["texture"] = texture
        return texture

    def _crop(self, frame: PreviewFrame) -> tuple[float, ...]:
        """Fill the place, cut what is too much; the rows come from the top, so v runs downwards."""
        _, _, w, h = self._place
        have, want = frame.width / frame.height, w / h
        du = min(1.0, want / have) / 2
        dv = min(1.0, have / want) / 2
        u0, u1, v0, v1 = 0.5 - du, 0.5 + du, 0.5 + dv, 0.5 - dv
        return (u0, v0, u1, v0, u1, v1, u0, v1)

    def stop(self) -> None:
        super().stop()
        self.state.pop("frame", None)

    def _chips(self, board: Board, row: Box) -> None:
        c, size = board.c, board.frame.prefs.type.small
        items = [(cue, True) for cue in self.screen.done if cue is not self.screen.cue]
        items.append((self.screen.cue, False))
        labels = [(board.say(texts.CUES[cue]), done) for cue, done in items]
        widths = [board.measure(label, size, True) + 64 + (size * 1.3 if done else 0) for label, done in labels]
        total = sum(widths) + 20 * (len(widths) - 1)
        x = row.x + (row.w - total) / 2
        h = 72.0
        for (label, done), width in zip(labels, widths, strict=True):
            pill = Box(x, row.y + (row.h - h) / 2, width, h)
            board.rounded(pill, c.success if done else c.tint, radius=h / 2, line=None if done else c.primary)
            ink = c.on_success if done else c.on_tint
            inset = 32.0
            if done:
                board.icon("check", pill.x + 30 + size * 0.55, pill.y + h / 2, size * 1.2, ink)
                inset += size * 1.3
            board.text(
                label,
                Box(pill.x + inset, pill.y, width - inset - 20, h),
                size=size,
                bold=True,
                colour=ink,
                valign="middle",
            )
            x += width + 20

    def _other_text_width(self, board: Board, width: float) -> float:
        return width - 44 * 2 - 320 - 32

    def _other_height(self, board: Board, width: float) -> float:
        kinds = board.frame.prefs.type
        room = self._other_text_width(board, width)
        title = board.text_height(board.say(texts.NO_FACE_TITLE), room, kinds.body, True)
        return max(title + board.text_height(board.say(texts.NO_FACE_BODY), room, kinds.small) + 64, 176.0)

    def _other(self, board: Board, box: Box) -> None:
        kinds = board.frame.prefs.type
        board.card(box)
        room = self._other_text_width(board, box.w)
        title, words = board.say(texts.NO_FACE_TITLE), board.say(texts.NO_FACE_BODY)
        title_h = board.text_height(title, room, kinds.body, True)
        words_h = board.text_height(words, room, kinds.small)
        y = box.y + (box.h - title_h - words_h) / 2
        board.text(title, Box(box.x + 44, y, room, title_h), size=kinds.body, bold=True)
        board.text(words, Box(box.x + 44, y + title_h, room, words_h), size=kinds.small, colour=board.c.muted)
        board.button(
            "other-way",
            board.say(texts.OTHER_WAY),
            Box(box.right - 44 - 320, box.y + (box.h - 116) / 2, 320, 116),
            partial(self.host.answer, FaceAnswer.OTHER_WAY),
            kind="outline",
            size=kinds.body + 4,
        )
