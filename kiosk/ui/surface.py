"""The root widget: zones, header, actions, foot, panels; the only place where a touch is interpreted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kivy.animation import Animation
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from content.schema.text import Language, Text
from kiosk import texts
from kiosk.keys import KeyPress
from kiosk.screens import Nav, Screen
from kiosk.ui import chrome, paint, panels, theme
from kiosk.ui.board import Board, Box, Frame, Target, rgb
from kiosk.ui.bodies import body_for
from kiosk.ui.bodies.base import Body
from kiosk.ui.config import UiConfig
from kiosk.ui.focus import Focus
from kiosk.ui.theme import Prefs

W, H = theme.REFERENCE_WIDTH, theme.REFERENCE_HEIGHT
_TERMINAL_TARGETS = frozenset({"lang", "access", "call-staff", "leave"})
_NEAR = 160  # design pixels: about a thumb and a half
_TIMEZONE = ZoneInfo("Asia/Shanghai")


class Surface(Widget):
    """Shows one screen at a time. `on_answer(value)`, `on_over_answer(value)`, `on_leave()` and `on_call_staff()` are
    set by the stage."""

    def __init__(self, config: UiConfig, *, now: Callable[[], datetime] | None = None) -> None:
        super().__init__(size=Window.size, size_hint=(None, None))
        self.config = config
        self.hotline = config.hotline
        self.prefs = Prefs(language=config.language)
        self.now = now or (lambda: datetime.now(_TIMEZONE))
        self.screen: Screen[Any] | None = None
        self.body: Body | None = None
        self.state: dict[str, Any] = {}
        self.serial = 0
        self.answered = False
        self.over: Screen[Any] | None = None
        self.over_body: Body | None = None
        self.over_state: dict[str, Any] = {}
        self.panel: Callable[[Surface, Board], None] | None = None
        self.in_transition = False
        self.last_touch = self.built_at = time.monotonic()
        self.builds = 0
        self.on_answer: Callable[[Any], None] = lambda _value: None
        self.on_over_answer: Callable[[Any], None] = lambda _value: None
        self.on_leave: Callable[[], None] | None = None
        self.on_call_staff: Callable[[], None] | None = None
        self._layers: list[Board] = []
        self._clock_board: Board | None = None
        self._clock_text = ""
        self._actions_board: Board | None = None
        self._pressed: Target | None = None
        self._touch_uid: int | None = None
        self._last_tap: tuple[str, float] = ("", -1e9)
        self._last_down: tuple[float, float, float] = (-1e9, 0.0, 0.0)  # time, place
        self._nervous = False  # touches at the old place came on while a new screen was shown
        self.focus = Focus(self)
        Window.bind(size=self._resized)
        self._ticker = Clock.schedule_interval(self._tick, 1.0)

    # --- what the stage calls ---

    def show(self, screen: Screen[Any], *, fresh: bool) -> None:
        """Show a screen. `fresh` false: new content of the screen already there, which keeps its state."""
        if fresh or type(screen) is not type(self.screen):
            self.state = {}
            self.serial += 1
            self.panel = None
            self.answered = False
            self.screen = screen
            self._pressed = None  # that touch was meant for another screen
            self._nervous = True
            self.focus.new_screen()
            self._build()
            self._fade()
            return
        self.screen = screen
        self._build()

    def show_over(self, screen: Screen[Any] | None) -> None:
        """Lay a screen over the current one, or take it away (None)."""
        self.over = screen
        self.over_state = {}
        self.serial += 1
        self._pressed = None
        self._build()
        if screen is not None:
            self._fade()

    def reset(self) -> None:
        self.prefs = Prefs(language=self.config.language)
        self.panel = None
        self.state = {}
        self._last_tap = ("", -1e9)
        self._pressed = None
        self.focus.new_screen()
        paint.forget()
        if self.screen is not None:
            self._build()

    def close(self) -> None:
        self._ticker.cancel()
        Window.unbind(size=self._resized)
        for body in (self.body, self.over_body):
            if body:
                body.stop()

    # --- what bodies call (Host) ---

    def answer(self, value: Any) -> None:
        if not self.answered:
            self.on_answer(value)

    def redraw(self, *, elsewhere: bool = False) -> None:
        self._nervous = self._nervous or elsewhere
        self._build()

    def set_prefs(self, prefs: Prefs) -> None:
        if prefs.large != self.prefs.large:
            self.state.pop("page", None)  # pages hold different things now
        self.prefs = prefs
        self._build()

    def notice(self, title: Text, body: Text, icon: str = "info") -> None:
        self.panel = panels.notice(title, body, icon)
        self._build()

    def close_panel(self) -> None:
        self.panel = None
        self._build()

    def open_access(self) -> None:
        self.panel = panels.access
        self._build()

    def toggle_language(self) -> None:
        other = Language.ZH if self.prefs.language is Language.EN else Language.EN
        self.set_prefs(Prefs(other, self.prefs.large, self.prefs.high_contrast, self.prefs.low_reach))

    def call_staff(self) -> None:
        """What a call does, and what is said about it, is the owner's matter; without one, whom to ask instead."""
        if self.on_call_staff is not None:
            self.on_call_staff()
            return
        words = texts.STAFF_ABSENT_BODY.format(number=self.hotline)
        self.notice(texts.STAFF_ABSENT_TITLE, words, "hand-helping")

    def leave(self) -> None:
        if self.on_leave is not None:
            self.on_leave()

    # --- building ---

    def frame(self) -> Frame:
        width, height = Window.size
        unit = min(width / W, height / H) * min(1.0, self.config.scale)
        return Frame((width - W * unit) / 2, (height - H * unit) / 2, unit, height, self.prefs)

    def _build(self) -> None:
        screen = self.screen
        if screen is None:
            return
        held, self._pressed = self._pressed, None
        frame = self.frame()
        for body in (self.body, self.over_body):
            if body:
                body.stop()
        self.clear_widgets()
        self.canvas.clear()
        Window.clearcolor = rgb(frame.palette.paper)  # cheaper than a rectangle over everything
        base = Board(frame)
        self.add_widget(base)
        self._layers = [base]
        self.body = body_for(screen, self, self.state)
        self._build_screen(base, screen, self.body)
        if self.panel is not None:
            layer = Board(frame)
            self.add_widget(layer)
            self._layers.append(layer)
            self.panel(self, layer)
        self.over_body = None
        if self.over is not None:
            layer = Board(frame)
            self.add_widget(layer)
            self._layers.append(layer)
            self.over_body = body_for(self.over, _Over(self), self.over_state)
            panels.scrim(layer)
            self.over_body.build_over(layer)
        self._hold(held)
        self.focus.rebuilt()
        self.builds += 1
        self.built_at = time.monotonic()

    def _hold(self, held: Target | None) -> None:
        """The finger that lay on `held` when its board was built anew lies on its successor."""
        if held is None:
            return
        for target in self.active_targets():
            if target.touch_id == held.touch_id and target.tap is not None:
                self._pressed = target
                target.set_pressed(True, self.prefs.high_contrast)

    def _reach(self) -> float:
        return H * theme.REACH if self.prefs.low_reach else 0.0

    def _build_screen(self, board: Board, screen: Screen[Any], body: Body) -> None:
        header = Box(0, 0, W, H * theme.HEADER)
        foot = Box(0, H * (1 - theme.FOOT), W, H * theme.FOOT)
        chrome.foot(self, board, foot)
        bottom = foot.y
        self._actions_board = None
        if body.zone_actions and (screen.can_go_back or screen.can_leave or body.actions()):
            actions = Box(0, foot.y - H * theme.ACTIONS, W, H * theme.ACTIONS)
            bottom = actions.y
            self._actions_board = board.sub()
            chrome.actions(self, self._actions_board, actions, screen, body)
        top = header.bottom
        if body.zone_question:
            top = chrome.question(board, Box(theme.MARGIN, header.bottom, W - 2 * theme.MARGIN, 0), screen, body)
        else:
            top += 40
        area = Box(theme.MARGIN, top, W - 2 * theme.MARGIN, bottom - top - 32)
        body.build(board.sub(), area, self._reach())
        chrome.header(self, board, header, screen)
        self._clock_board = board.sub()
        self._draw_clock()

    def redraw_actions(self) -> None:
        if self._actions_board is None or self.screen is None or self.body is None:
            return
        held = self._pressed
        self._actions_board.wipe()
        y = H * (1 - theme.FOOT - theme.ACTIONS)
        box = Box(0, y, W, H * theme.ACTIONS)
        chrome.actions(self, self._actions_board, box, self.screen, self.body)
        if held is not None and held.parent is None:
            self._pressed = None
            self._hold(held)

    def _draw_clock(self) -> None:
        if self._clock_board is None:
            return
        now = self.now()
        self._clock_text = chrome.clock_text(now)
        self._clock_board.wipe()
        chrome.clock(self._clock_board, Box(0, 0, W, H * theme.HEADER), now)

    def _tick(self, _dt: float) -> None:
        if self._clock_text and chrome.clock_text(self.now()) != self._clock_text:
            self._draw_clock()
        self.focus.rest()

    def _resized(self, *_args: object) -> None:
        self.size = Window.size
        self._build()

    def _fade(self) -> None:
        """The new screen comes out of the paper colour; touches wait until it has come."""
        duration = self.config.fade_s
        if duration <= 0:
            return
        self.in_transition = True
        frame = self.frame()
        cover = self.over is None
        x, y, w, h = frame.place(Box(0, H * theme.HEADER + 8, W, H * (1 - theme.HEADER - theme.FOOT) - 8))
        veil = Widget(size_hint=(None, None))
        with veil.canvas:
            colour = Color(*rgb(frame.palette.paper)[:3], 0.85 if cover else 0)
            Rectangle(pos=(x, y), size=(w, h))
        self.add_widget(veil)
        animation = Animation(a=0.0, duration=duration, step=1 / 30)

        def done(*_args: object) -> None:
            if veil.parent is self:
                self.remove_widget(veil)
            self.in_transition = False

        animation.bind(on_complete=done)
        animation.start(colour)

    # --- touches ---

    def active_targets(self) -> list[Target]:
        """Targets of the topmost layer, in the order they were drawn."""
        return list(self._layers[-1].targets()) if self._layers else []

    def live_targets(self) -> list[Target]:
        """Those of them that do something when touched now."""
        return [target for target in self.active_targets() if target.tap is not None and self._live(target)]

    def visible_boards(self) -> list[Board]:
        return list(self._layers)

    def _hit(self, x: float, y: float) -> Target | None:
        for target in reversed(self.active_targets()):
            if target.collide_point(x, y):
                return target
        return None

    def _meant_for_the_screen_before(self, x: float, y: float) -> bool:
        """A finger that goes on tapping the place where the last screen had its button must not find another button
        there: it is not listened to until it rests or moves."""
        now = time.monotonic()
        when, last_x, last_y = self._last_down
        self._last_down = (now, x, y)
        near = abs(x - last_x) + abs(y - last_y) < _NEAR * self.frame().unit
        self._nervous = self._nervous and near and now - when < self.config.debounce_s
        return self._nervous

    def press(self, press: KeyPress) -> None:
        """A key of the accessible keypad."""
        self.last_touch = time.monotonic()
        self.focus.press(press)

    def on_touch_down(self, touch: Any) -> bool:
        self.last_touch = time.monotonic()
        self.focus.hide()
        if self._meant_for_the_screen_before(*touch.pos):
            return True
        if self.in_transition or self._touch_uid is not None or getattr(touch, "button", "left") not in ("left", None):
            return True
        target = self._hit(*touch.pos)
        if target is None or target.tap is None:
            return True
        self._touch_uid = touch.uid
        self._pressed = target
        target.set_pressed(True, self.prefs.high_contrast)
        if target.trace is not None:
            target.trace(*touch.pos, True)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.uid == self._touch_uid and self._pressed is not None and self._pressed.trace is not None:
            self._pressed.trace(*touch.pos, False)
        elif touch.uid == self._touch_uid and self._pressed is not None and not self._pressed.collide_point(*touch.pos):
            self._pressed.set_pressed(False, self.prefs.high_contrast)
            self._pressed = None
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.uid != self._touch_uid:
            return True
        self.last_touch = time.monotonic()
        self._touch_uid = None
        target, self._pressed = self._pressed, None
        if target is None or target.tap is None:
            return True
        if target.collide_point(*touch.pos) and self.fire(target):
            return True  # it keeps its pressed look until the next screen, which saves a frame before that
        target.set_pressed(False, self.prefs.high_contrast)
        return True

    def fire(self, target: Target) -> bool:
        """Do what the target is there for, unless it is too early. True: that has answered the screen's question."""
        if self.in_transition or target.tap is None or not self._live(target) or self._bounced(target.touch_id):
            return False
        answered = self.answered
        target.tap()
        return self.answered and not answered

    def _live(self, target: Target) -> bool:
        """Once answered, only what belongs to the terminal, not to the question, can still be touched."""
        if not self.answered or len(self._layers) > 1:
            return True
        return target.touch_id in _TERMINAL_TARGETS

    def debounce_of(self, touch_id: str) -> float:
        key = touch_id.startswith(("key:", "letter:"))
        return self.config.key_debounce_s if key and not self.prefs.large else self.config.debounce_s

    def _bounced(self, touch_id: str) -> bool:
        now = time.monotonic()
        last_id, last_time = self._last_tap
        if touch_id == last_id and now - last_time < self.debounce_of(touch_id):
            return True
        self._last_tap = (touch_id, now)
        return False

    def once(self, touch_id: str, call: Callable[[], None]) -> None:
        """What a key does where no target need be seen; a trembling finger does it once."""
        if not self._bounced(touch_id):
            call()

    def settles_in(self) -> float:
        """Seconds until the target touched last takes the next touch."""
        touch_id, when = self._last_tap
        return max(0.0, when + self.debounce_of(touch_id) - time.monotonic()) if touch_id else 0.0

    def go_back(self) -> None:
        if self.body is None or not self.body.back():
            self.answer(Nav.BACK)


class _Over:
    """The host of a screen laid over another: its answers go elsewhere, the rest is the surface's."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def answer(self, value: Any) -> None:
        self._surface.on_over_answer(value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._surface, name)
