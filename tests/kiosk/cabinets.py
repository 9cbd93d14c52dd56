"""A cabinet that remembers what it was told, and one that is broken."""

from __future__ import annotations

import asyncio
from typing import Any

from drivers.cabinet.port import CabinetState, Light, Sensor
from drivers.status import DeviceState, DeviceStatus


class FakeCabinet:
    def __init__(self) -> None:
        self.status = DeviceStatus(DeviceState.ONLINE)
        self.state = CabinetState()
        self.told: list[Any] = []
        self.lit: set[Light] = set()

    def somebody(self, there: bool) -> None:
        self.state = CabinetState(sensors={Sensor.PRESENCE: there})

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def refresh(self) -> DeviceStatus:
        return self.status

    async def changed(self, known: CabinetState) -> CabinetState:
        await asyncio.Event().wait()
        return self.state

    async def set_light(self, light: Light, on: bool) -> None:
        self.told.append((light, on))
        (self.lit.add if on else self.lit.discard)(light)

    async def set_backlight(self, percent: int) -> None:
        self.told.append(("backlight", percent))

    async def set_volume(self, percent: int) -> None:
        self.told.append(("volume", percent))


class BrokenCabinet(FakeCabinet):
    async def set_light(self, light: Light, on: bool) -> None:
        raise OSError("no such line")

    async def set_backlight(self, percent: int) -> None:
        raise OSError("no such backlight")

    async def set_volume(self, percent: int) -> None:
        raise OSError("no such sound card")


class HungCabinet(FakeCabinet):
    async def set_light(self, light: Light, on: bool) -> None:
        await asyncio.Event().wait()
