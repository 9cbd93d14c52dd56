"""The table of devices.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.keypad.driver import EvdevKeypad
from drivers.keypad.keymap import key_numbers, shown_name
from drivers.keypad.port import Key
from drivers.manager import DevicesFileError, read_devices

TABLE = '[keypad]\ndriver = "evdev"\npath = "/dev/input/by-path/x-event-kbd"\n'


def made(tmp_path: Path, more: str = "") -> EvdevKeypad:
    file = tmp_path / "devices.toml"
    file.write_text(TABLE + more, "utf-8")
    keypad = read_devices(file).keypad
    assert isinstance(keypad, EvdevKeypad)
    return keypad


def test_every_key_can_be_pressed_without_any_table() -> None:
    assert set(key_numbers({}).values()) == set(Key)


def test_keys_and_times(tmp_path: Path) -> None:
    keypad = made(tmp_path, 'keys = { KEY_F5 = "help", KEY_ESC = "none" }\nstuck_s = 30\nrepeat_delay_s = 3.0\n')
    meaning = keypad._presses._meaning
    assert meaning[63] is Key.HELP
    assert 1 not in meaning
    assert meaning[28] is Key.CONFIRM
    assert (keypad._timings.stuck, keypad._timings.repeat_delay) == (30.0, 3.0)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('keys = { KEY_NONSENSE = "help" }', "KEY_NONSENSE is no key"),
        ('keys = { EV_KEY = "help" }', "EV_KEY is no key"),
        ('keys = { KEY_F1 = "nonsense" }', "keys.KEY_F1"),
        ("stuck_s = 0", "stuck_s"),
        ("stuk_s = 10", "has no option 'stuk_s'"),
    ],
)
def test_what_cannot_be_is_told_at_start(tmp_path: Path, more: str, complaint: str) -> None:
    with pytest.raises(DevicesFileError, match=complaint):
        made(tmp_path, more)


def test_names_for_the_technician_but_of_no_letter_or_digit() -> None:
    assert shown_name(67) == "KEY_F9"
    assert shown_name(113) == "KEY_MUTE"
    assert [shown_name(number) for number in (2, 30, 79, 0x2FE)] == ["", "", "", ""]
