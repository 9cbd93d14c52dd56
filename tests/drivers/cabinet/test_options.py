"""The cabinet's tables in devices.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.line_port import Pull
from drivers.cabinet.options import LineOptions
from drivers.cabinet.plugin import STANDARD, sensor_line
from drivers.cabinet.port import Light, Sensor
from drivers.manager import DevicesFileError, read_devices

WHOLE = """
[cabinet]
driver = "standard"
[cabinet.ups]
ups = "kiosk"
[cabinet.lines]
chip = "/dev/gpiochip0"
door = { line = 4 }
service-door = { line = 5, active = "low", pull = "none", debounce_ms = 50 }
headset = { line = "HEADSET_DET" }
vibration = { line = 6 }
[cabinet.lights]
id-reader = { line = 17 }
[cabinet.backlight]
[cabinet.volume]
controls = ["Speaker", "Headphone"]
[cabinet.storage]
path = "/var/lib/menkou"
[cabinet.temperature]
hot_c = 75
[cabinet.fan]
hwmon = "nct6775"
"""


def read(tmp_path: Path, text: str) -> StandardCabinet:
    (tmp_path / "devices.toml").write_text(text)
    cabinet = read_devices(tmp_path / "devices.toml").cabinet
    assert isinstance(cabinet, StandardCabinet)
    return cabinet


def test_every_part(tmp_path: Path) -> None:
    cabinet = read(tmp_path, WHOLE)
    assert len(cabinet.parts.present()) == 8
    assert cabinet.parts.lights is not None
    assert cabinet.parts.lights.present == (Light.ID_READER,)


def test_each_part_may_be_absent(tmp_path: Path) -> None:
    assert read(tmp_path, '[cabinet]\ndriver = "standard"\n').parts.present() == []
    assert read(tmp_path, '[cabinet]\ndriver = "standard"\n[cabinet.ups]\n').parts.ups is not None


async def test_a_cabinet_without_parts_is_whole() -> None:
    cabinet = STANDARD.make(STANDARD.options())
    await cabinet.open()
    assert (await cabinet.refresh()).ready
    await cabinet.close()


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[cabinet.fridge]", "has no option 'fridge'"),
        ('[cabinet.lines]\nchip = "/dev/gpiochip0"\nwindow = { line = 4 }', "has no option 'lines.window'"),
        ("[cabinet.lines]\ndoor = { line = 4 }", "lines.chip"),
        ('[cabinet.lines]\nchip = "c"\ndoor = { line = 4, active = "up" }', "lines.door.active"),
        ("[cabinet.lights]\nscanner = { line = 4 }", "has no chip"),
        (
            '[cabinet.lines]\nchip = "c"\ndoor = { line = 4 }\n[cabinet.lights]\nscanner = { line = 4 }',
            "line 4 is used twice",
        ),
        ('[cabinet.lines]\nchip = "c"\nfan = { line = 4 }\n[cabinet.fan]\nhwmon = "x"', "not both"),
        ('[cabinet.ups]\nups = "a b\\nLOGOUT"', "ups.ups"),
    ],
)
def test_mistakes_are_found_at_start(tmp_path: Path, table: str, complaint: str) -> None:
    with pytest.raises(DevicesFileError, match=complaint):
        read(tmp_path, f'[cabinet]\ndriver = "standard"\n{table}\n')


def test_the_usual_wiring_needs_no_polarity() -> None:
    door = sensor_line(Sensor.DOOR, LineOptions(line=4))
    assert (door.active_high, door.pull, door.settle_s) == (True, Pull.UP, 0.03)
    assert sensor_line(Sensor.HEADSET, LineOptions(line=4)).active_high is False
    assert sensor_line(Sensor.FAN, LineOptions(line=4)).active_high is False
    assert sensor_line(Sensor.DOOR, LineOptions(line=4, active="low")).active_high is False
    assert sensor_line(Sensor.VIBRATION, LineOptions(line=4)).settle_s == 2.0
