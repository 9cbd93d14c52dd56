"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from drivers.cabinet.backlight import BacklightPart, BacklightSettings
from drivers.cabinet.driver import Parts, StandardCabinet
from drivers.cabinet.fan import FanPart, FanSettings
from drivers.cabinet.lights import LightLine, LightsPart
from drivers.cabinet.lines_part import opener_for
from drivers.cabinet.nut_client import NutSettings
from drivers.cabinet.options import ACTIVE, DEBOUNCE_MS, LineOptions, StandardOptions
from drivers.cabinet.port import Sensor
from drivers.cabinet.power_policy import PowerTimings
from drivers.cabinet.rules import Thresholds
from drivers.cabinet.sensors import SensorLine, SensorsPart, SensorTimings
from drivers.cabinet.storage import StoragePart, StorageSettings
from drivers.cabinet.temperature import TemperaturePart, TemperatureSettings
from drivers.cabinet.ups import UpsPart
from drivers.cabinet.volume import VolumePart, VolumeSettings
from drivers.link.supervise import Backoff
from drivers.registry import DriverSpec


def sensor_line(sensor: Sensor, options: LineOptions) -> SensorLine:
    """With the defaults of that sensor."""
    debounce_ms = DEBOUNCE_MS[sensor] if options.debounce_ms is None else options.debounce_ms
    return SensorLine(
        line=options.line,
        active_high=(options.active or ACTIVE[sensor]) == "high",
        pull=options.pull,
        settle_s=debounce_ms / 1000,
    )


def _sensors(options: StandardOptions) -> SensorsPart | None:
    if options.lines is None or not (wired := options.lines.wired()):
        return None
    lines = {sensor: sensor_line(sensor, each) for sensor, each in wired.items()}
    return SensorsPart(opener_for(options.lines.chip), lines, SensorTimings(), Backoff())


def _lights(options: StandardOptions) -> LightsPart | None:
    if options.lights is None or not (wired := options.lights.wired()):
        return None
    chip = options.lights.chip or (options.lines.chip if options.lines is not None else "")
    lights = {light: LightLine(each.line, each.active == "high") for light, each in wired.items()}
    return LightsPart(opener_for(chip), lights, Backoff())


def _ups(options: StandardOptions) -> UpsPart | None:
    if (ups := options.ups) is None:
        return None
    timings = PowerTimings(poll=ups.poll_s, on_battery_after=ups.on_battery_after_s, silent_after=ups.silent_after_s)
    return UpsPart(NutSettings(ups.host, ups.port, ups.ups), timings)


def _thresholds(options: StandardOptions) -> Thresholds:
    defaults = Thresholds()
    heat, disk = options.temperature, options.storage
    return Thresholds(
        hot_c=heat.hot_c if heat is not None else defaults.hot_c,
        warm_c=heat.warm_c if heat is not None else defaults.warm_c,
        least_free_bytes=disk.least_free_mb * 1024 * 1024 if disk is not None else defaults.least_free_bytes,
        worn_percent=disk.worn_percent if disk is not None else defaults.worn_percent,
    )


def _make(options: StandardOptions) -> StandardCabinet:
    heat, fan, disk = options.temperature, options.fan, options.storage
    screen, sound = options.backlight, options.volume
    parts = Parts(
        ups=_ups(options),
        sensors=_sensors(options),
        lights=_lights(options),
        fan=FanPart(FanSettings(fan.hwmon, fan.fan, fan.least_rpm, fan.sysfs, fan.poll_s)) if fan else None,
        temperature=TemperaturePart(TemperatureSettings(heat.sensor, heat.sysfs, heat.poll_s)) if heat else None,
        storage=StoragePart(StorageSettings(disk.path, disk.disk, disk.sysfs, poll_s=disk.poll_s, wear_s=disk.wear_s))
        if disk
        else None,
        backlight=BacklightPart(BacklightSettings(screen.name, screen.sysfs)) if screen else None,
        volume=VolumePart(VolumeSettings(sound.controls, sound.card, sound.program)) if sound else None,
    )
    return StandardCabinet(parts, _thresholds(options))


STANDARD = DriverSpec(
    StandardOptions,
    _make,
    "the box: power supply (NUT), doors and lights (GPIO), fan, temperature, disk, screen brightness, volume",
)
