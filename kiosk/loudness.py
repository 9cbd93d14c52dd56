"""The loudness of speaker and headset: changed by the resident's keys, the default again for the next one
(EN 301 549 5.1.3.13)."""

from __future__ import annotations

from drivers.cabinet.port import Cabinet
from kiosk.cabinet_wishes import Wishes

STEP = 10  # percent


class Loudness:
    """Like the lights: never waits, never raises. `default`: percent."""

    def __init__(self, cabinet: Cabinet | None, default: int) -> None:
        self._cabinet = cabinet
        self._wishes: Wishes[str, int] = Wishes("volume", self._carry_out)
        self._default = default
        self.percent = default

    @property
    def changed(self) -> bool:
        return self.percent != self._default

    def set_default(self, percent: int) -> None:
        """What every session begins with, from the next one on."""
        changed, self._default = self.changed, percent
        if not changed:
            self._set(percent)

    def louder(self) -> None:
        self._set(min(100, self.percent + STEP))

    def quieter(self) -> None:
        """Never silent: who has turned it off cannot hear how to turn it on."""
        self._set(max(min(STEP, self._default), self.percent - STEP))

    def reset(self) -> None:
        self._set(self._default)

    async def settled(self) -> None:
        await self._wishes.settled()

    def _set(self, percent: int) -> None:
        self.percent = percent
        if self._cabinet is not None:
            self._wishes.wish("volume", percent)

    async def _carry_out(self, _output: str, percent: int) -> None:
        if self._cabinet is not None:
            await self._cabinet.set_volume(percent)
