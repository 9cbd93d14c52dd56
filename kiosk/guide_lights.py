"""The light strip guides the hand: to the reader, the scanner, the tray where paper lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drivers.cabinet.port import Cabinet, Light
from kiosk.cabinet_wishes import Wishes


class GuideLights:
    """Never waits and never raises: without a cabinet, or with a broken one, everything goes on in the dark."""

    def __init__(self, cabinet: Cabinet | None) -> None:
        self._wishes: Wishes[Light, bool] | None = Wishes("light", cabinet.set_light) if cabinet else None
        self._on: set[Light] = set()

    @property
    def shining(self) -> frozenset[Light]:
        """As wished; whether they shine is the cabinet's matter."""
        return frozenset(self._on)

    def on(self, light: Light) -> None:
        self._on.add(light)
        self._set(light, True)

    def off(self, light: Light) -> None:
        self._on.discard(light)
        self._set(light, False)

    @contextmanager
    def guiding(self, light: Light) -> Iterator[None]:
        """On inside the block, off however it is left."""
        self.on(light)
        try:
            yield
        finally:
            self.off(light)

    def all_off(self) -> None:
        """The session is over."""
        for light in tuple(self._on):
            self.off(light)

    async def settled(self) -> None:
        """Returns when the cabinet has been told everything."""
        if self._wishes is not None:
            await self._wishes.settled()

    def _set(self, light: Light, on: bool) -> None:
        if self._wishes is not None:
            self._wishes.wish(light, on)
