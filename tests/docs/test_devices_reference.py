"""docs/reference/devices.md names every device class, driver and option that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.link.options import SerialOptions
from drivers.registry import driver_names, find_driver

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "devices.md").read_text("utf-8")
DRIVERS = [(device_class, name) for device_class in DeviceClass for name in driver_names(device_class)]


def _section(device_class: DeviceClass) -> str:
    return PAGE.partition(f"## [{device_class.value}]")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("device_class", "name"), DRIVERS)
def test_every_option_has_its_place(device_class: DeviceClass, name: str) -> None:
    section = _section(device_class)
    assert f"**{name}**" in section
    options = find_driver(device_class, name).options
    common = set(SerialOptions.model_fields) if issubclass(options, SerialOptions) else set()
    for option in options.model_fields.keys() - common:
        assert f"`{option}`" in section or f".{option}]`" in section, option


def test_the_options_of_every_line_are_there() -> None:
    head = PAGE.partition("## [")[0]
    for option in SerialOptions.model_fields:
        assert f"`{option}`" in head
