"""What the terminal does while nobody uses it: the screen dims, and the loudness is what it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from drivers.cabinet.port import Cabinet, Sensor
from kiosk.cabinet_wishes import Wishes
from kiosk.loudness import Loudness

_LOOK_S = 0.25  # a finger on a dim screen finds it bright before it is lifted
_GONE_S = 60.0  # who made it louder on the home screen and touched nothing since has left
FULL = 100


class AtRest:
    """Dims after `dim_after_s` (0: never) without touch or key on the home screen. A session, however begun, and
    somebody before the presence sensor make the screen bright at once. `at_home()`: the home screen is shown;
    `last_touch()`: `time.monotonic()` of the last touch or key."""

    def __init__(
        self,
        cabinet: Cabinet,
        loudness: Loudness,
        *,
        dim_after_s: float,
        dim_percent: int,
        at_home: Callable[[], bool],
        last_touch: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cabinet = cabinet
        self._loudness = loudness
        self._dim_after_s = dim_after_s
        self._dim_percent = dim_percent
        self._at_home = at_home
        self._last_touch = last_touch
        self._clock = clock
        self._awake = clock()  # when somebody was last known to be there
        self._shown: int | None = None
        self._wishes: Wishes[str, int] = Wishes("backlight", self._carry_out)

    def dim(self, after_s: float, percent: int) -> None:
        """Other values from now on."""
        self._dim_after_s, self._dim_percent = after_s, percent

    async def run(self) -> None:
        """For ever. Starts bright: the program before this one may have ended in the dark."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        now = self._clock()
        # A broken wire reads as "somebody there": such a screen stays bright, which harms nobody.
        if not self._at_home() or self._cabinet.state.sensors.get(Sensor.PRESENCE, False):
            self._awake = now
        self._awake = max(self._awake, self._last_touch())
        rested = now - self._awake
        if rested >= _GONE_S and self._loudness.changed:
            self._loudness.reset()
        percent = self._dim_percent if 0 < self._dim_after_s <= rested else FULL
        if percent != self._shown:
            self._shown = percent
            self._wishes.wish("backlight", percent)

    async def settled(self) -> None:
        await self._wishes.settled()

    async def _carry_out(self, _output: str, percent: int) -> None:
        await self._cabinet.set_backlight(percent)
