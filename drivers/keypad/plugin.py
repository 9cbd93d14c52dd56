"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from drivers.keypad.driver import EvdevKeypad, KeypadSettings
from drivers.keypad.keymap import NO_KEY, key_number
from drivers.keypad.port import Key
from drivers.keypad.presses import KeyTimings
from drivers.registry import DriverOptions, DriverSpec


class KeypadOptions(DriverOptions):
    """`keys`: see `keymap`. The times are those of `KeyTimings`; EN 301 549 wants them adjustable."""

    path: str = Field(min_length=1, description="stable name, such as /dev/input/by-path/…-event-kbd")
    keys: dict[str, Key | Literal["none"]] = Field(default_factory=dict)
    repeat_delay_s: float = Field(default=2.0, ge=0.2, le=10.0)
    repeat_interval_s: float = Field(default=0.5, ge=0.1, le=10.0)
    double_strike_s: float = Field(default=0.05, ge=0.0, le=2.0)
    stuck_s: float = Field(default=10.0, ge=1.0, le=600.0)

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, Key | Literal["none"]]) -> dict[str, Key | Literal["none"]]:
        for name in keys:
            key_number(name)
        return keys


def _make(options: KeypadOptions) -> EvdevKeypad:
    timings = KeyTimings(
        repeat_delay=options.repeat_delay_s,
        repeat_interval=options.repeat_interval_s,
        double_strike=options.double_strike_s,
        stuck=options.stuck_s,
    )
    keys = {name: None if key == NO_KEY else Key(key) for name, key in options.keys.items()}
    return EvdevKeypad(KeypadSettings(options.path, keys, timings))


EVDEV = DriverSpec(KeypadOptions, _make, "keypads with arrow, function and digit keys (USB HID, evdev)")
