"""A board: a rectangle on which a screen is laid out in one pass, from the top left, in reference pixels.

Kivy's own layouts settle over several frames and know neither our line breaking nor what fits; here every place is
known when the widget is made, so a screen is right in its first frame and can be checked without drawing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kivy.graphics import BorderImage, Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from content.schema.text import Text
from kiosk.ui import fonts, paint, theme
from kiosk.ui.theme import Palette, Prefs


@dataclass(frozen=True)
class Box:
    """A rectangle in reference pixels, y downwards."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def inset(self, dx: float, dy: float | None = None) -> Box:
        dy = dx if dy is None else dy
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def columns(self, count: int, gap: float) -> list[Box]:
        w = (self.w - gap * (count - 1)) / count
        return [Box(self.x + i * (w + gap), self.y, w, self.h) for i in range(count)]

    def rows(self, count: int, gap: float) -> list[Box]:
        h = (self.h - gap * (count - 1)) / count
        return [Box(self.x, self.y + i * (h + gap), self.w, h) for i in range(count)]

    def grid(self, columns: int, rows: int, gap: float) -> list[Box]:
        return [cell for row in self.rows(rows, gap) for cell in row.columns(columns, gap)]


@dataclass(frozen=True)
class Frame:
    """How reference pixels become window pixels: the portrait column's place, and what the resident has chosen."""

    left: float
    top: float  # window pixels from the top edge
    unit: float
    window_height: float
    prefs: Prefs

    @property
    def palette(self) -> Palette:
        return self.prefs.palette

    def say(self, text: Text) -> str:
        return text.in_(self.prefs.language)

    def px(self, length: float) -> float:
        return length * self.unit

    def place(self, box: Box) -> tuple[float, float, float, float]:
        """Kivy's x, y, width, height (origin bottom left) of a box, on whole pixels."""
        x0 = round(self.left + box.x * self.unit)
        x1 = round(self.left + box.right * self.unit)
        y0 = round(self.window_height - self.top - box.bottom * self.unit)
        y1 = round(self.window_height - self.top - box.y * self.unit)
        return x0, y0, x1 - x0, y1 - y0


def rgb(colour: str) -> list[float]:
    return get_color_from_hex(colour)


class TextBlock(Widget):
    """Text in its box. `texture_size` against the box is what the geometric test compares."""

    def __init__(self, text: str, texture: Texture, place: tuple[float, float, float, float], colour: str) -> None:
        super().__init__(pos=place[:2], size=place[2:], size_hint=(None, None))
        self.text = text
        self.colour = colour
        self.texture_size = texture.size
        self.box = place
        with self.canvas:
            Color(*rgb(colour))
            Rectangle(texture=texture, pos=place[:2], size=texture.size)


class Target(Widget):
    """Something to touch. The surface decides what a touch means; a target only knows what to do and how it looks
    while pressed."""

    def __init__(
        self, touch_id: str, place: tuple[float, ...], *, enabled: bool, tap: Callable[[], None] | None
    ) -> None:
        super().__init__(pos=place[:2], size=place[2:], size_hint=(None, None))
        self.touch_id = touch_id
        self.enabled = enabled
        self.tap = tap
        self.veil: Color | None = None
        self.trace: Callable[[float, float, bool], None] | None = None  # what is drawn on it: place, a new stroke

    def add_veil(self, radius: int) -> None:
        """The pressed look: a thin dark layer on top, shown within one frame."""
        texture, border = paint.rounded(radius)
        with self.canvas.after:
            self.veil = Color(0, 0, 0, 0)
            BorderImage(texture=texture, border=(border,) * 4, pos=self.pos, size=self.size)

    def set_pressed(self, pressed: bool, dark: bool) -> None:
        if self.veil is not None:
            self.veil.rgba = ((1, 1, 1, 0.35) if dark else (0.04, 0.14, 0.25, 0.16)) if pressed else (0, 0, 0, 0)


class Board(Widget):
    """Draws in reference pixels on its own canvas; boards nest, and a nested board can be wiped alone."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(size_hint=(None, None))
        self.frame = frame

    # --- shortcuts ---

    @property
    def c(self) -> Palette:
        return self.frame.palette

    def say(self, text: Text) -> str:
        return self.frame.say(text)

    def sub(self) -> Board:
        """A board on top of this one, for what changes alone."""
        board = Board(self.frame)
        self.add_widget(board)
        return board

    def wipe(self) -> None:
        self.clear_widgets()
        self.canvas.clear()

    def targets(self) -> Iterator[Target]:
        return (w for w in self.walk(restrict=True) if isinstance(w, Target))

    def texts(self) -> Iterator[TextBlock]:
        return (w for w in self.walk(restrict=True) if isinstance(w, TextBlock))

    # --- shapes ---

    def rect(self, box: Box, colour: str | tuple[float, ...]) -> Color:
        x, y, w, h = self.frame.place(box)
        with self.canvas:
            tint = Color(*(rgb(colour) if isinstance(colour, str) else colour))
            Rectangle(pos=(x, y), size=(w, h))
        return tint

    def rounded(self, box: Box, fill: str, *, line: str | None = None, stroke: float = 2, radius: float = 16) -> None:
        """A filled rounded rectangle, with an outline where `line` is given."""
        x, y, w, h = self.frame.place(box)
        r = max(1, min(round(self.frame.px(radius)), int(min(w, h)) // 2))
        with self.canvas:
            texture, border = paint.rounded(r)
            Color(*rgb(fill))
            BorderImage(texture=texture, border=(border,) * 4, pos=(x, y), size=(w, h))
            if line:
                texture, border = paint.rounded(r, max(1, round(self.frame.px(stroke))))
                Color(*rgb(line))
                BorderImage(texture=texture, border=(border,) * 4, pos=(x, y), size=(w, h))

    def card(self, box: Box) -> None:
        self.rounded(box, self.c.surface, line=self.c.line, radius=theme.RADIUS)

    def lift(self, box: Box, blur: float = 28) -> None:
        """The shadow below a raised sheet."""
        b = max(2, round(self.frame.px(blur)))
        x, y, w, h = self.frame.place(box)
        texture, border = paint.shadow(b)
        with self.canvas:
            Color(1, 1, 1, 0.22)
            BorderImage(texture=texture, border=(border,) * 4, pos=(x - b, y - b * 1.25), size=(w + 2 * b, h + 2 * b))

    def circle(self, cx: float, cy: float, radius: float, fill: str, line: str | None = None) -> None:
        self.rounded(Box(cx - radius, cy - radius, 2 * radius, 2 * radius), fill, line=line, radius=radius)

    def rule(self, x: float, y: float, w: float) -> None:
        self.rect(Box(x, y, w, 2), self.c.line)

    def picture(self, texture: Texture, box: Box, colour: tuple[float, ...] = (1, 1, 1, 1)) -> Rectangle:
        """A texture in the middle of the box, at its own size when it fits exactly, else stretched to the box."""
        x, y, w, h = self.frame.place(box)
        if abs(texture.width - w) <= 1 or abs(texture.height - h) <= 1:
            x, y = x + (w - texture.width) // 2, y + (h - texture.height) // 2
            w, h = texture.size
        with self.canvas:
            Color(*colour)
            return Rectangle(texture=texture, pos=(x, y), size=(w, h))

    def icon(self, name: str, cx: float, cy: float, size: float, colour: str) -> Color:
        texture = paint.icon_texture(fonts.icon(name), max(8, round(self.frame.px(size))))
        x, y, _, _ = self.frame.place(Box(cx, cy, 0, 0))
        with self.canvas:
            tint = Color(*rgb(colour))
            Rectangle(
                texture=texture, pos=(round(x - texture.width / 2), round(y - texture.height / 2)), size=texture.size
            )
        return tint

    # --- text ---

    def font_px(self, size: float) -> int:
        return max(8, round(self.frame.px(size)))

    def measure(self, text: str, size: float, bold: bool = False) -> float:
        """Width of one line in reference pixels."""
        return paint.width_of(text, self.font_px(size), bold) / self.frame.unit

    def wrap(self, text: str, width: float, size: float, bold: bool = False) -> list[str]:
        return paint.lines_of(text, self.frame.px(width), self.font_px(size), bold)

    def text_height(self, text: str, width: float, size: float, bold: bool = False) -> float:
        """Height in reference pixels of `text` broken to `width`."""
        block = "\n".join(self.wrap(text, width, size, bold))
        return paint.text_texture(block, self.font_px(size), bold).height / self.frame.unit

    def text(
        self,
        text: str,
        box: Box,
        *,
        size: float,
        colour: str | None = None,
        bold: bool = False,
        align: str = "left",
        valign: str = "top",
        wrap: bool = True,
    ) -> float:
        """Draw text into the box; returns the height it took. It does not shrink: what does not fit is a fault of
        the layout, and the geometric test finds it."""
        if not text:
            return 0.0
        block = "\n".join(self.wrap(text, box.w, size, bold)) if wrap else text
        texture = paint.text_texture(block, self.font_px(size), bold, align)
        x, y, w, h = self.frame.place(box)
        tw, th = texture.size
        left = {"left": x, "center": x + (w - tw) / 2, "right": x + w - tw}[align]
        # The font's line box sits high over the Chinese character: lift the middle a little.
        nudge = self.font_px(size) * 0.05
        bottom = {"top": y + h - th, "middle": y + (h - th) / 2 + nudge, "bottom": y}[valign]
        place = (round(left), round(bottom), w, h)
        widget = TextBlock(text, texture, place, colour or self.c.ink)
        widget.box = (x, y, w, h)
        widget.align = align
        self.add_widget(widget)
        return th / self.frame.unit

    # --- targets ---

    def target(
        self,
        touch_id: str,
        box: Box,
        tap: Callable[[], None] | None,
        *,
        enabled: bool = True,
        radius: float = theme.RADIUS,
    ) -> Target:
        """An invisible touch area; draw its look before it."""
        place = self.frame.place(box)
        target = Target(touch_id, place, enabled=enabled, tap=tap)
        r = min(round(self.frame.px(radius)), int(min(place[2], place[3])) // 2)
        target.add_veil(max(1, r))
        self.add_widget(target)
        return target

    def fills(self, kind: str, enabled: bool) -> tuple[str, str, str | None]:
        """Fill, text and outline colours of a kind of button."""
        c = self.c
        outline = c.primary if c.heavy_lines else None
        if not enabled:
            return c.disabled, c.on_disabled, c.on_disabled if c.heavy_lines else None
        return {
            "primary": (c.primary, c.on_primary, None),
            "neutral": (c.neutral, c.on_neutral, outline),
            "outline": (c.surface, c.on_tint if not c.heavy_lines else c.ink, c.primary),
            "tint": (c.tint, c.on_tint, outline),
            "key": (c.surface, c.ink, c.line),
            "foot": (c.foot_button, c.on_foot, outline),
            "danger": (c.danger, c.on_danger, None),
        }[kind]

    def button(
        self,
        touch_id: str,
        label: str,
        box: Box,
        tap: Callable[[], None] | None,
        *,
        kind: str = "neutral",
        size: float | None = None,
        icon: str | None = None,
        icon_after: bool = False,
        enabled: bool = True,
        bold: bool = True,
    ) -> Target:
        """A labelled button; the label takes two lines, then smaller type, before it would leave its box."""
        fill, ink, line = self.fills(kind, enabled)
        self.rounded(box, fill, line=line, stroke=3 if kind == "outline" else 2)
        size = size or self.frame.prefs.type.body
        pad = 10.0
        icon_w = size * 1.15 + 14 if icon else 0.0
        room = box.w - 2 * pad - icon_w
        least = min(size, 28.0)
        while True:
            lines = self.wrap(label, room, size, bold) if label else []
            tall = len(lines) * size * 1.45 > box.h + 4
            one_word_broken = any(self.measure(word, size, bold) > room for word in label.split() if word.isascii())
            if not (tall or one_word_broken or len(lines) > 2) or size <= least:
                break
            size -= 2
        width = max((self.measure(line_, size, bold) for line_ in lines), default=0.0)
        if icon:
            icon_w = size * 1.15 + (14 if label else 0)
        start = box.x + (box.w - width - icon_w) / 2
        if icon:
            centre = start + width + icon_w - size * 0.58 if icon_after else start + size * 0.58
            self.icon(icon, centre, box.y + box.h / 2, size * 1.15, ink)
        if label:
            self.text(
                "\n".join(lines),
                Box(start - 2 + (0 if icon_after else icon_w), box.y, width + 4, box.h),
                size=size,
                colour=ink,
                bold=bold,
                align="center",
                valign="middle",
                wrap=False,
            )
        return self.target(touch_id, box, tap, enabled=enabled)
