"""The tables of devices.toml, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.code_scanner.driver import SerialCodeScanner
from drivers.code_scanner.keyboard_driver import KeyboardCodeScanner
from drivers.device import DeviceClass
from drivers.manager import DevicesFileError, make_device, read_devices


def test_a_serial_scanner_with_everything_set() -> None:
    device = make_device(
        DeviceClass.CODE_SCANNER,
        {
            "driver": "serial",
            "path": "/dev/serial/by-path/x",
            "baud": 9600,
            "family": "newland",
            "case_number": r"SL\d+",
            "ecny": True,
        },
    )
    assert isinstance(device, SerialCodeScanner)
    arguments = device._settings.line.pyserial_arguments()
    assert (arguments["baudrate"], arguments["bytesize"], arguments["parity"], arguments["stopbits"]) == (
        9600,
        8,
        "N",
        1,
    )
    assert (arguments["rtscts"], arguments["dsrdtr"], arguments["xonxoff"], arguments["exclusive"]) == (
        False,
        False,
        False,
        True,
    )
    assert device._settings.rules.case_number == r"SL\d+"
    assert device._settings.rules.ecny


def test_a_keyboard_scanner(tmp_path: Path) -> None:
    file = tmp_path / "devices.toml"
    file.write_text('[code_scanner]\ndriver = "keyboard"\npath = "/dev/input/by-path/x-event-kbd"\nkey_gap_ms = 80\n')
    device = read_devices(file).code_scanner
    assert isinstance(device, KeyboardCodeScanner)
    assert device._settings.rhythm.key_gap == 0.08


@pytest.mark.parametrize("option", ["bill_account", "case_number", "certificate_link"])
def test_a_pattern_that_is_none_is_told_at_start(option: str) -> None:
    table = {"driver": "keyboard", "path": "x", option: "("}
    with pytest.raises(DevicesFileError, match=rf"\[code_scanner\] {option}: .*regular expression"):
        make_device(DeviceClass.CODE_SCANNER, table)
