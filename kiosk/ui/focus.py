"""The keypad's way over a screen: a ring around one target, moved by arrows in reading order.

No key but an arrow shows the ring, and CONFIRM presses only what the ring is seen around. Whatever changes on top (a
new screen, a panel, "need more time?") takes the ring away; the next arrow shows it where it was. So a finger that
trembles on CONFIRM never answers a question that has only just come.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kivy.graphics import BorderImage, Color
from kivy.uix.widget import Widget

from kiosk.keys import ARROWS, DIGITS, Key, KeyPress
from kiosk.screens import Home, Keypad, Message, MoreTime
from kiosk.service_screens import Form
from kiosk.ui import paint, theme
from kiosk.ui.board import Target, rgb

if TYPE_CHECKING:
    from kiosk.ui.surface import Surface

_ANYWHERE = "anywhere"  # a place to tap, beside the button that does the same
_HEADER = frozenset({"lang", "access"})  # first in reading order, but nobody comes for them
_LOSING = frozenset({"leave", "end", "cancel"})  # never where the ring appears first
_REST_S = 60.0  # on the home screen: who used the keypad has left
_MAY_REPEAT = ARROWS | {Key.DELETE}


def rows_of(targets: Sequence[Target]) -> list[list[Target]]:
    """From the top, each from the left: together the reading order (WCAG 2.4.3)."""
    left = sorted(targets, key=lambda t: (-t.top, t.x))
    rows = []
    while left:
        head = left[0]
        row = [t for t in left if head.y <= t.center_y <= head.top]
        rows.append(sorted(row, key=lambda t: t.x))
        left = [t for t in left if t not in row]
    return rows


class Ring(Widget):
    """Two lines, 6 px each, outside the target: one stands out from whatever is around it, the other from the target
    itself (WCAG 2.4.7, 2.4.11)."""

    def __init__(self, surface: Surface, target: Target) -> None:
        super().__init__(size_hint=(None, None))
        frame = surface.frame()
        stroke = max(2, round(frame.px(theme.FOCUS)))
        corner = round(frame.px(theme.RADIUS))
        with self.canvas:
            for out, colour in ((stroke, frame.palette.focus_gap), (2 * stroke, frame.palette.focus)):
                width, height = target.width + 2 * out, target.height + 2 * out
                radius = max(stroke + 1, min(corner + out, int(min(width, height)) // 2))
                texture, border = paint.rounded(radius, stroke)
                Color(*rgb(colour))
                place = (target.x - out, target.y - out)
                BorderImage(texture=texture, border=(border,) * 4, pos=place, size=(width, height))


class Focus:
    """What the keypad does on one surface."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._ring: Ring | None = None
        self._on: str | None = None
        self._layer: tuple[int, object] = (0, None)
        self._last: dict[int, tuple[str, float, float]] = {}  # where the ring was, for each layer
        self._typing = False  # digits came from the keypad: its CONFIRM finishes them

    @property
    def on(self) -> str | None:
        """The target that has the ring."""
        return self._on

    # --- what the surface calls ---

    def new_screen(self) -> None:
        self._last.clear()
        self.hide()

    def hide(self) -> None:
        self._on = None
        self._typing = False
        self._draw(None)

    def rebuilt(self) -> None:
        """The boards are new. The same target on the same layer keeps the ring."""
        surface = self._surface
        layer = (2, surface.over) if surface.over else (1, surface.panel) if surface.panel else (0, None)
        if layer != self._layer:
            if layer[0] >= self._layer[0]:
                self._last.pop(layer[0], None)
            self._layer = layer
            self.hide()
            return
        target = self._find(self._on)
        if target is None and self._on is not None:
            self.hide()
        self._draw(target)

    def rest(self) -> None:
        at_home = isinstance(self._surface.screen, Home)
        if self._on and at_home and time.monotonic() - self._surface.last_touch > _REST_S:
            self.new_screen()

    def press(self, press: KeyPress) -> None:
        if self._surface.in_transition or (press.repeated and press.key not in _MAY_REPEAT):
            return
        key = press.key
        if key in ARROWS:
            self._typing = False
            self._move(key)
        elif key is Key.CONFIRM:
            self._confirm()
        elif key in DIGITS or key is Key.DELETE:
            self._type(key)
        elif key is Key.BACK:
            self._back()
        elif key is Key.HOME:
            self._home()
        elif key is Key.HELP:
            self._help()

    # --- keys ---

    def _move(self, key: Key) -> None:
        rows = rows_of(self._targets())
        order = [target for row in rows for target in row]
        if not order:
            return
        now = next((target for target in order if target.touch_id == self._on), None)
        forward = key in (Key.DOWN, Key.RIGHT)
        if now is None:
            self._show(self._where_it_was(order) or self._first(order, forward))
        elif key in (Key.LEFT, Key.RIGHT):
            self._show(order[(order.index(now) + (1 if forward else -1)) % len(order)])
        else:
            number = next(number for number, row in enumerate(rows) if now in row)
            row = rows[(number + (1 if forward else -1)) % len(rows)]
            self._show(min(row, key=lambda target: abs(target.center_x - now.center_x)))

    def _where_it_was(self, order: list[Target]) -> Target | None:
        if self._layer[0] not in self._last:
            return None
        touch_id, x, y = self._last[self._layer[0]]
        same = next((target for target in order if target.touch_id == touch_id), None)
        return same or min(order, key=lambda target: abs(target.center_x - x) + abs(target.center_y - y))

    def _first(self, order: list[Target], forward: bool) -> Target:
        screen = self._surface.over or self._surface.screen
        good = [target for target in order if target.touch_id not in _HEADER | _LOSING]
        if isinstance(screen, Message) and self._layer[0] != 1:
            main = f"button:{screen.buttons[0].value}"
            good = [target for target in good if target.touch_id == main] or good
        return (good or order)[0 if forward else -1]

    def _confirm(self) -> None:
        if self._typing:
            self._typing = not self._fire("primary")
        elif self._on is not None:
            self._fire(self._on)

    def _type(self, key: Key) -> None:
        name = "delete" if key is Key.DELETE else key.value
        takes = isinstance(self._surface.screen, Keypad | Form)
        if self._layer[0] == 0 and takes and self._find(f"key:{name}") is not None:
            self.hide()
            self._typing = True
            self._fire(f"key:{name}")
        elif key is Key.DELETE:
            self._fire("letter:delete")

    def _back(self) -> None:
        if not self._put_away():
            self._fire("back")

    def _home(self) -> None:
        if isinstance(self._surface.over, MoreTime):
            self._fire("end")
            return
        self._put_away()
        if self._surface.screen is not None and self._surface.screen.can_leave:
            self._surface.once("leave", self._surface.leave)

    def _help(self) -> None:
        if isinstance(self._surface.over, Message):
            return  # called already
        if self._layer[0]:
            self._put_away()
        self._surface.once("call-staff", self._surface.call_staff)

    def _put_away(self) -> bool:
        """Close what lies on the screen, without losing anything. False: nothing does."""
        over = self._surface.over
        if isinstance(over, MoreTime):
            return self._fire("more-time")
        if isinstance(over, Message):
            return len(over.buttons) == 1 and self._fire(f"button:{over.buttons[0].value}")
        return self._fire("panel:close") or self._fire("search:close")

    # --- targets ---

    def _targets(self) -> list[Target]:
        return [target for target in self._surface.live_targets() if target.touch_id != _ANYWHERE]

    def _find(self, touch_id: str | None) -> Target | None:
        return next((target for target in self._targets() if target.touch_id == touch_id), None)

    def _fire(self, touch_id: str) -> bool:
        """As if a finger had touched it. False: it is not there."""
        target = self._find(touch_id)
        if target is None:
            return False
        if self._surface.fire(target):
            target.set_pressed(True, self._surface.prefs.high_contrast)
        return True

    def _show(self, target: Target) -> None:
        self._on = target.touch_id
        self._last[self._layer[0]] = (target.touch_id, target.center_x, target.center_y)
        self._draw(target)

    def _draw(self, target: Target | None) -> None:
        surface = self._surface
        if self._ring is not None and self._ring.parent is surface:
            surface.remove_widget(self._ring)
        self._ring = None
        if target is not None:
            self._ring = Ring(surface, target)
            surface.add_widget(self._ring)
