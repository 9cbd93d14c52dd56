"""Input handed on at once.

Kivy reads the window's events at the end of a frame and hands them out in the next one, a frame's pause later: 17 ms
at 60 frames a second, on top of the wait for the reading. A pressed button must show in the next frame, so the pause
is left out whenever something is waiting.
"""

from __future__ import annotations

from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.core.window.window_sdl2 import SDL2MotionEventProvider


def _waiting() -> bool:
    """Something of a mouse or a finger has been read from the window and not been handed out."""
    return bool(SDL2MotionEventProvider.q) or any(
        getattr(provider, "waiting_event", None) for provider in EventLoop.input_providers
    )


def hand_on_at_once() -> None:
    """From now on; call it once the window exists."""
    read_events, usual = Window.mainloop, Clock._max_fps

    def mainloop() -> None:
        read_events()
        Clock._max_fps = 0 if _waiting() else usual

    Window.mainloop = mainloop
