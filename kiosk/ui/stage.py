"""The Stage that residents see: `kiosk.screens.Stage` on Kivy."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import structlog
from kivy.clock import Clock

from kiosk.keys import KeyPress
from kiosk.screens import Nav, Screen
from kiosk.ui.config import UiConfig
from kiosk.ui.surface import Surface

A = TypeVar("A")
_LARGE_PATIENCE = 3.0
_TRIED_AT = 0.25  # of its size: everything is drawn, little is read back
_log = structlog.get_logger(__name__)


class KivyStage:
    """One screen at a time, one pending `ask`, and at most one `ask_over` on top of it.

    `on_leave` is called when the resident touches 首页 / 结束办理 (cancel the journey there); `on_call_staff` when
    they call staff. All calls from the loop's thread, after Kivy's window exists."""

    def __init__(self, config: UiConfig | None = None, *, now: Callable[[], datetime] | None = None) -> None:
        self.config = config or UiConfig()
        self.surface = Surface(self.config, now=now)
        self.surface.on_answer = self._answered
        self.surface.on_over_answer = self._over_answered
        self._pending: asyncio.Future[Any] | None = None
        self._asked: Screen[Any] | None = None
        self._over: asyncio.Future[Any] | None = None

    @property
    def on_leave(self) -> Callable[[], None] | None:
        return self.surface.on_leave

    @on_leave.setter
    def on_leave(self, call: Callable[[], None] | None) -> None:
        self.surface.on_leave = call

    @property
    def on_call_staff(self) -> Callable[[], None] | None:
        return self.surface.on_call_staff

    @on_call_staff.setter
    def on_call_staff(self, call: Callable[[], None] | None) -> None:
        self.surface.on_call_staff = call

    def beat(self, call: Callable[[], None]) -> None:
        """Call `call` every second, as long as Kivy's clock runs."""
        Clock.schedule_interval(lambda _elapsed: call(), 1.0)

    async def ask(self, screen: Screen[A]) -> A | Nav:
        """Show the screen and wait for its answer. Raises RuntimeError when another ask is pending (a bug)."""
        if self._pending is not None and not self._pending.done():
            raise RuntimeError("one question at a time: another ask is pending")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending, self._asked = future, screen
        self.surface.show(screen, fresh=True)
        try:
            return await future
        finally:
            if self._pending is future:
                self._pending = None
                self.surface.answered = True  # the picture stays, its answers are over

    def show(self, screen: Screen[A]) -> None:
        """Show a screen that is not answered, or new content of the one being asked (same kind: its state and the
        pending ask stay)."""
        same = type(screen) is type(self.surface.screen)
        pending = self._pending is not None and not self._pending.done()
        if pending and type(screen) is not type(self._asked):
            _log.warning("screen_shown_over_pending_ask", shown=type(screen).__name__, asked=type(self._asked).__name__)
        self.surface.show(screen, fresh=not same)
        if not pending:
            self.surface.answered = True

    async def ask_over(self, screen: Screen[A]) -> A:
        """Ask on top of the current screen; taken away again when answered or cancelled."""
        if self._over is not None and not self._over.done():
            raise RuntimeError("one question at a time: another ask_over is pending")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._over = future
        self.surface.show_over(screen)
        try:
            answer: A = await future
        finally:
            self._over = None
            self.surface.show_over(None)
        return answer

    def press(self, press: KeyPress) -> None:
        """A key of the accessible keypad."""
        self.surface.press(press)

    def last_touch(self) -> float:
        return self.surface.last_touch

    def patience(self) -> float:
        return _LARGE_PATIENCE if self.surface.prefs.large else 1.0

    async def picture(self) -> bytes:
        """What is on the screen, PNG. Raises TimeoutError when nothing is drawn."""
        from kiosk.ui.inspect import picture

        image = await picture()

        def png() -> bytes:
            out = io.BytesIO()
            image.save(out, "PNG")
            return out.getvalue()

        return await asyncio.to_thread(png)

    async def try_out(self, screen: Screen[Any]) -> None:
        """Draw a screen where nobody sees it. Raises whatever goes wrong."""
        probe = Surface(replace(self.config, fade_s=0.0))
        try:
            probe.show(screen, fresh=True)
            probe.export_as_image(scale=_TRIED_AT)
        finally:
            probe.close()

    def reset(self) -> None:
        self.surface.reset()

    def close(self) -> None:
        self.surface.close()

    def _answered(self, value: Any) -> None:
        if self._pending is None or self._pending.done() or type(self._asked) is not type(self.surface.screen):
            return
        self._pending.set_result(value)
        self.surface.answered = True

    def _over_answered(self, value: Any) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(value)
