"""The cabinet: independent parts, put together to one state and one status."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields

import structlog

from drivers.cabinet.backlight import BacklightPart
from drivers.cabinet.fan import FanPart
from drivers.cabinet.lights import LightsPart
from drivers.cabinet.part import Part
from drivers.cabinet.port import CabinetState, Light, Sensor
from drivers.cabinet.rules import Thresholds, sum_up
from drivers.cabinet.sensors import SensorsPart
from drivers.cabinet.storage import StoragePart
from drivers.cabinet.temperature import TemperaturePart
from drivers.cabinet.ups import UpsPart
from drivers.cabinet.volume import VolumePart
from drivers.status import DeviceState, DeviceStatus

log = structlog.get_logger()

REFRESH_S = 6.0  # the longest a question to all parts takes
QUIET = frozenset({DeviceState.ONLINE, DeviceState.STARTING, DeviceState.OFFLINE})


@dataclass(frozen=True)
class Parts:
    """What this cabinet has."""

    ups: UpsPart | None = None
    sensors: SensorsPart | None = None
    lights: LightsPart | None = None
    fan: FanPart | None = None
    temperature: TemperaturePart | None = None
    storage: StoragePart | None = None
    backlight: BacklightPart | None = None
    volume: VolumePart | None = None

    def present(self) -> list[Part]:
        found = (getattr(self, field.name) for field in fields(self))
        return [part for part in found if part is not None]


class StandardCabinet:
    """A `Cabinet`."""

    def __init__(self, parts: Parts, thresholds: Thresholds | None = None) -> None:
        self.parts = parts
        self._thresholds = thresholds or Thresholds()
        self._state = CabinetState()
        self._status = DeviceStatus()
        self._news = asyncio.Event()
        self._open = False

    @property
    def state(self) -> CabinetState:
        return self._state

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        if not self._open:
            self._open = True
            self._status = DeviceStatus(DeviceState.STARTING)
            for part in self.parts.present():
                await part.open(self._gather)
            self._gather()  # a cabinet without parts is whole

    async def close(self) -> None:
        self._open = False
        await asyncio.gather(*(part.close() for part in self.parts.present()))
        self._status = DeviceStatus(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        if self._open:
            looks = [asyncio.create_task(part.refresh()) for part in self.parts.present()]
            if looks:
                await asyncio.wait(looks, timeout=REFRESH_S)
            for look in looks:
                look.cancel()
            await asyncio.gather(*looks, return_exceptions=True)  # a part's bug is told by the part's own watch
        return self._status

    async def changed(self, known: CabinetState) -> CabinetState:
        while self._state == known:
            news = self._news
            await news.wait()
        return self._state

    async def set_light(self, light: Light, on: bool) -> None:
        if self.parts.lights is not None:
            await self.parts.lights.set_light(light, on)

    async def set_backlight(self, percent: int) -> None:
        if self.parts.backlight is not None:
            await self.parts.backlight.set(percent)

    async def set_volume(self, percent: int) -> None:
        if self.parts.volume is not None:
            await self.parts.volume.set(percent)

    def _gather(self) -> None:
        """A part may have news."""
        if not self._open:
            return
        parts = self.parts
        sensors = parts.sensors.active if parts.sensors is not None else {}
        if parts.fan is not None and parts.fan.turns is not None:
            sensors[Sensor.FAN] = parts.fan.turns
        state = CabinetState(
            power=parts.ups.power if parts.ups is not None else None,
            sensors=sensors,
            temperature_c=parts.temperature.celsius if parts.temperature is not None else None,
            storage=parts.storage.storage if parts.storage is not None else None,
        )
        present = parts.present()
        status = sum_up(
            state,
            self._thresholds,
            [part.trouble for part in present if part.trouble is not None],
            known=all(part.known for part in present),
            counters={name: count for part in present for name, count in part.counters.items()},
            identity="; ".join(part.identity for part in present if part.identity),
        )
        if not status.same_trouble(self._status):
            level = log.info if status.device in QUIET else log.warning
            level("cabinet_status", device=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status
        if state != self._state:
            self._state = state
            news, self._news = self._news, asyncio.Event()
            news.set()
