"""The cabinet's tables in devices.toml: a sub-table for each part there is.

[cabinet]
driver = "standard"

[cabinet.ups]
ups = "kiosk"

[cabinet.lines]
chip = "/dev/gpiochip0"
door = { line = 4 }
headset = { line = "HEADSET_DET", active = "low" }

[cabinet.lights]
id-reader = { line = 17 }

[cabinet.storage]
path = "/var/lib/menkou"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from drivers.cabinet.line_port import Pull
from drivers.cabinet.port import Light, Sensor
from drivers.registry import DriverOptions

Level = Literal["high", "low"]


class UpsOptions(DriverOptions):
    """Power supply through NUT's upsd. Times in seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=3493, ge=1, le=65535)
    ups: str = Field(default="kiosk", pattern=r"^[A-Za-z0-9._-]+$", description="its name in ups.conf")
    poll_s: float = Field(default=2.0, gt=0)
    on_battery_after_s: float = Field(default=10.0, ge=0)
    silent_after_s: float = Field(default=10.0, ge=0)


class LineOptions(DriverOptions):
    """`line`: offset, or the line's name. `active`: the level that means what the sensor is called; its default suits
    the usual wiring, a loop to ground with a pull-up (see `ACTIVE`)."""

    line: int | str
    active: Level | None = None
    pull: Pull = Pull.UP
    debounce_ms: int | None = Field(default=None, ge=0, le=10_000)


# With the usual wiring a broken wire reads high. A headset must not be believed then, nor that a fan turns.
ACTIVE: Mapping[Sensor, Level] = {
    Sensor.DOOR: "high",
    Sensor.SERVICE_DOOR: "high",
    Sensor.TAMPER: "high",
    Sensor.VIBRATION: "high",
    Sensor.PRESENCE: "high",
    Sensor.HEADSET: "low",
    Sensor.FAN: "low",
}
# For vibration: how long the shaking is taken to go on after its last pulse. A fan's alarm wire pulses while it starts.
DEBOUNCE_MS: Mapping[Sensor, int] = dict.fromkeys(Sensor, 30) | {
    Sensor.VIBRATION: 2000,
    Sensor.PRESENCE: 200,
    Sensor.HEADSET: 200,
    Sensor.FAN: 3000,
}


class LinesOptions(DriverOptions):
    """`chip`: /dev/gpiochip0, a stable name, or unix:PATH."""

    chip: str = Field(min_length=1)
    door: LineOptions | None = None
    service_door: LineOptions | None = Field(default=None, alias="service-door")
    tamper: LineOptions | None = None
    vibration: LineOptions | None = None
    presence: LineOptions | None = None
    headset: LineOptions | None = None
    fan: LineOptions | None = None

    def wired(self) -> dict[Sensor, LineOptions]:
        found = {sensor: getattr(self, sensor.value.replace("-", "_")) for sensor in Sensor}
        return {sensor: options for sensor, options in found.items() if options is not None}


class LightOptions(DriverOptions):
    line: int | str
    active: Level = "high"


class LightsOptions(DriverOptions):
    """`chip`: as in [cabinet.lines], whose chip it is when absent."""

    chip: str | None = Field(default=None, min_length=1)
    id_reader: LightOptions | None = Field(default=None, alias="id-reader")
    card_slot: LightOptions | None = Field(default=None, alias="card-slot")
    note_slot: LightOptions | None = Field(default=None, alias="note-slot")
    document_tray: LightOptions | None = Field(default=None, alias="document-tray")
    receipt_tray: LightOptions | None = Field(default=None, alias="receipt-tray")
    scanner: LightOptions | None = None

    def wired(self) -> dict[Light, LightOptions]:
        found = {light: getattr(self, light.value.replace("-", "_")) for light in Light}
        return {light: options for light, options in found.items() if options is not None}


class BacklightOptions(DriverOptions):
    name: str = Field(default="", pattern=r"^[^/]*$", description="folder in /sys/class/backlight; empty: the first")
    sysfs: Path = Path("/sys")


class VolumeOptions(DriverOptions):
    controls: tuple[str, ...] = Field(default=("Master",), min_length=1)
    card: str = ""
    program: str = "amixer"


class StorageOptions(DriverOptions):
    path: Path = Field(description="a folder on the journal's disk")
    disk: str = Field(default="", pattern=r"^[^/]*$", description="name in /sys/block; empty: found out")
    least_free_mb: int = Field(default=500, ge=0)
    worn_percent: int = Field(default=90, ge=1)
    sysfs: Path = Path("/sys")
    poll_s: float = Field(default=15.0, gt=0)
    wear_s: float = Field(default=6 * 3600.0, gt=0)


class TemperatureOptions(DriverOptions):
    sensor: str = ""
    hot_c: float = 80.0
    warm_c: float = 50.0
    sysfs: Path = Path("/sys")
    poll_s: float = Field(default=10.0, gt=0)


class FanOptions(DriverOptions):
    hwmon: str = Field(min_length=1)
    fan: int = Field(default=1, ge=1)
    least_rpm: int = Field(default=200, ge=1)
    sysfs: Path = Path("/sys")
    poll_s: float = Field(default=5.0, gt=0)


class StandardOptions(DriverOptions):
    ups: UpsOptions | None = None
    lines: LinesOptions | None = None
    lights: LightsOptions | None = None
    backlight: BacklightOptions | None = None
    volume: VolumeOptions | None = None
    storage: StorageOptions | None = None
    temperature: TemperatureOptions | None = None
    fan: FanOptions | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> StandardOptions:
        lines = self.lines.wired() if self.lines is not None else {}
        chip = self.lines.chip if self.lines is not None else None
        lights = self.lights.wired() if self.lights is not None else {}
        lights_chip = (self.lights.chip or chip) if self.lights is not None else None
        if lights and lights_chip is None:
            raise ValueError("[cabinet.lights] has no chip, and there is no [cabinet.lines] whose it could be")
        if self.fan is not None and Sensor.FAN in lines:
            raise ValueError("the fan is either a line or a [cabinet.fan], not both")
        taken = [(chip, each.line) for each in lines.values()] + [(lights_chip, each.line) for each in lights.values()]
        if twice := sorted({str(line) for place in taken if taken.count(place) > 1 for line in [place[1]]}):
            raise ValueError(f"line {twice[0]} is used twice")
        return self
