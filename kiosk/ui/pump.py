"""The real interface without a display or a loop: frames are pumped by hand. For tests and the screenshots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.ui import env, fonts
from kiosk.ui.config import UiConfig


class Pump:
    """One Kivy window a process. `start()` once; `stage()` puts a new stage into the window."""

    _started = False

    def __init__(self, width: int = 1080, height: int = 1920) -> None:
        self.width, self.height = width, height
        self.current: Any = None

    def start(self) -> None:
        if not Pump._started:
            env.configure(self.width, self.height, maxfps=0, inputs=False)
            fonts.register()
            from kivy.app import App
            from kivy.base import runTouchApp
            from kivy.core.window import Window
            from kivy.uix.widget import Widget

            if Window is None:
                raise RuntimeError("no window: neither a display nor the offscreen driver")
            Window.create_window()
            Window.register()
            Window.initialized = True
            app = App()
            app.build = Widget  # type: ignore[method-assign]
            app._run_prepare()
            runTouchApp(embedded=True)
            Pump._started = True
        self.frames(2)

    def stage(self, config: UiConfig | None = None, *, now: Callable[[], datetime] | None = None) -> Any:
        """A fresh KivyStage as the window's only content."""
        from kivy.core.window import Window

        from kiosk.ui.stage import KivyStage

        if self.current is not None:
            self.current.close()
            Window.remove_widget(self.current.surface)
        for child in list(Window.children):
            Window.remove_widget(child)
        self.current = KivyStage(config or UiConfig(fade_s=0.0, debounce_s=0.0, key_debounce_s=0.0), now=now)
        Window.add_widget(self.current.surface)
        return self.current

    def frames(self, count: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(count):
            EventLoop.idle()

    def resize(self, width: int, height: int) -> None:
        from kivy.core.window import Window

        Window.size = self.width, self.height = width, height
        self.frames(3)

    def press(self, target: Any) -> Any:
        """Put a finger down in the middle of a target; returns the touch, for `lift`."""
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(target.center_x, target.center_y)
        touch.touch_down()
        self.frames()
        return touch

    def lift(self, touch: Any) -> None:
        touch.touch_up()
        self.frames()

    def tap(self, touch_id: str) -> None:
        """Touch a target of the topmost layer. Raises LookupError when it is not there."""
        for target in self.current.surface.active_targets():
            if target.touch_id == touch_id:
                self.lift(self.press(target))
                return
        raise LookupError(touch_id)

    def screenshot(self, path: Path | None = None) -> Any:
        """The window as a PIL picture, taken inside `on_flip` (elsewhere the buffer is already swapped)."""
        from kiosk.ui.inspect import grab

        return grab(path, self.frames)
