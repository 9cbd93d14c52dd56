"""What the how-to tells a technician to write is what the driver takes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from drivers.cabinet.options import ACTIVE, DEBOUNCE_MS
from drivers.cabinet.plugin import STANDARD
from drivers.cabinet.port import Light, Sensor

GUIDE = (Path(__file__).parents[3] / "docs" / "how-to" / "wire-a-cabinet.md").read_text("utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_its_tables_are_taken() -> None:
    parts: dict[str, object] = {}
    for block in BLOCKS:
        table = tomllib.loads(block)["cabinet"]
        parts |= {name: value for name, value in table.items() if name != "driver"}
    parts["lines"] = {name: value for name, value in parts["lines"].items() if name != "fan"}  # type: ignore[attr-defined]
    options = STANDARD.options.model_validate(parts)
    assert set(parts) == set(type(options).model_fields), "the guide has every part"


def test_it_names_every_sensor_and_light() -> None:
    for name in (*Sensor, *Light):
        assert name.value in GUIDE


def test_its_defaults_are_true() -> None:
    low = [sensor for sensor, level in ACTIVE.items() if level == "low"]
    assert low == [Sensor.HEADSET, Sensor.FAN]
    assert '`"high"`; `headset` and `fan`: `"low"`' in GUIDE
    others = {sensor: value for sensor, value in DEBOUNCE_MS.items() if value != 30}
    assert others == {Sensor.VIBRATION: 2000, Sensor.PRESENCE: 200, Sensor.HEADSET: 200, Sensor.FAN: 3000}
    assert "30; `vibration` 2000, `presence` and `headset` 200, `fan` 3000" in GUIDE
