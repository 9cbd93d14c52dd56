"""Garbage is collected while nobody touches: a full collection after a few screens costs 200 ms, and Python would do
it in the middle of building the next one."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

from kivy.clock import Clock

if TYPE_CHECKING:
    from kiosk.ui.surface import Surface

_REST_S = 0.8  # nobody touches anything for so long: a screen is being read
_SELDOM = 200  # Python's own full collections, for the case that there is never a rest


def tidy_at_rest(surface: Surface) -> None:
    """From now on. What lives now lives for ever and is not searched again."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _SELDOM)
    tidied = surface.builds

    def tidy(_dt: float) -> None:
        nonlocal tidied
        resting = time.monotonic() - max(surface.last_touch, surface.built_at) > _REST_S
        if resting and surface.builds != tidied:
            tidied = surface.builds
            gc.collect()

    Clock.schedule_interval(tidy, 0.5)
