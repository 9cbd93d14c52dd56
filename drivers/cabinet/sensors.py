"""Doors, tamper loop, vibration, presence, headset jack, fan: the inputs of the box."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from drivers.cabinet.debounce import Filter, Settled, Stretched
from drivers.cabinet.line_port import InputLine, LineId, LineOpener, Lines, Pull
from drivers.cabinet.lines_part import LinesPart
from drivers.cabinet.port import Sensor
from drivers.link.supervise import Backoff
from drivers.link.trace import Way, trace

log = structlog.get_logger()

_COUNTED = {
    Sensor.DOOR: "door_openings",
    Sensor.SERVICE_DOOR: "service_door_openings",
    Sensor.TAMPER: "tampers",
    Sensor.VIBRATION: "vibrations",
    Sensor.HEADSET: "headsets",
}


@dataclass(frozen=True)
class SensorLine:
    """`active_high`: the level that means what the sensor's name says. `settle_s`: how long a contact must hold;
    for vibration how long the shaking is taken to go on after its last pulse."""

    line: LineId
    active_high: bool
    pull: Pull = Pull.UP
    settle_s: float = 0.03


@dataclass(frozen=True)
class SensorTimings:
    """Seconds. `read`: edges may get lost, so all levels are read this often. `batch`: an oscillating wire is looked
    at only so often."""

    read: float = 1.0
    batch: float = 0.005


class SensorsPart(LinesPart):
    name = "lines"

    def __init__(
        self, opener: LineOpener, lines: Mapping[Sensor, SensorLine], timings: SensorTimings, backoff: Backoff
    ) -> None:
        super().__init__(opener, backoff)
        self._lines = lines
        self._by_line = {wired.line: sensor for sensor, wired in lines.items()}
        self._timings = timings
        self._filters: dict[Sensor, Filter] = {}
        self._active: dict[Sensor, bool] = {}
        self.counters = {_COUNTED[sensor]: 0 for sensor in lines if sensor in _COUNTED}

    @property
    def active(self) -> dict[Sensor, bool]:
        """What is known of each sensor now."""
        return dict(self._active)

    async def _take(self) -> Lines:
        # Vibration is not debounced by the chip: its pulses are shorter than a door's bouncing.
        inputs = {
            wired.line: InputLine(wired.pull, 0.0 if sensor is Sensor.VIBRATION else wired.settle_s)
            for sensor, wired in self._lines.items()
        }
        return await self._opener(inputs, {})

    async def _serve(self, lines: Lines) -> None:
        clock = asyncio.get_running_loop().time
        self._filters = {sensor: _filter(sensor, wired) for sensor, wired in self._lines.items()}
        self._feed((await lines.levels()).items(), clock())
        self._publish(clock())
        self._told()
        next_read = clock() + self._timings.read
        while True:
            if clock() >= next_read:
                next_read = clock() + self._timings.read
                self._feed((await lines.levels()).items(), clock())
            self._publish(clock())
            wake = min([next_read, *(due for each in self._filters.values() if (due := each.due()) is not None)])
            try:
                async with asyncio.timeout_at(max(wake, clock() + self._timings.batch)):
                    self._feed(await lines.changes(), clock())
            except TimeoutError:
                continue
            self._publish(clock())
            await asyncio.sleep(self._timings.batch)

    def _feed(self, levels: Iterable[tuple[LineId, bool]], now: float) -> None:
        for line, high in levels:
            if (sensor := self._by_line.get(line)) is not None:
                self._filters[sensor].feed(high == self._lines[sensor].active_high, now)

    def _publish(self, now: float) -> None:
        before = dict(self._active)
        for sensor, contact in self._filters.items():
            contact.look(now)
            if contact.active is None:
                continue
            was = self._active.get(sensor)
            if contact.active is was:
                continue
            self._active[sensor] = contact.active
            trace("cabinet", Way.NOTE, f"{sensor.value} {'active' if contact.active else 'inactive'}")
            if contact.active and was is False and sensor in _COUNTED:
                self.counters[_COUNTED[sensor]] += 1
            if was is not None and sensor is not Sensor.PRESENCE:  # people come and go all day
                log.info("cabinet_sensor", sensor=sensor.value, active=contact.active)
        if before != self._active:
            self._changed()

    def _forget(self) -> None:
        self._active.clear()


def _filter(sensor: Sensor, wired: SensorLine) -> Filter:
    return Stretched(wired.settle_s) if sensor is Sensor.VIBRATION else Settled(wired.settle_s)
