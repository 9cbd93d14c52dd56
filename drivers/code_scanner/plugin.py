"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from drivers.code_scanner.classify import (
    DEFAULT_BILL_ACCOUNT,
    DEFAULT_CASE_NUMBER,
    DEFAULT_CERTIFICATE_LINK,
    CodeRules,
)
from drivers.code_scanner.driver import ScannerSettings, SerialCodeScanner
from drivers.code_scanner.frames import Family
from drivers.code_scanner.keyboard import KeyboardRhythm
from drivers.code_scanner.keyboard_driver import KeyboardCodeScanner, KeyboardScannerSettings
from drivers.link.options import SerialOptions
from drivers.registry import DriverOptions, DriverSpec


class RuleOptions(DriverOptions):
    """What numbers look like in the region: regular expressions for the whole text. `ecny`: see `CodeRules`."""

    bill_account: str = DEFAULT_BILL_ACCOUNT
    case_number: str = DEFAULT_CASE_NUMBER
    certificate_link: str = DEFAULT_CERTIFICATE_LINK
    ecny: bool = False

    @field_validator("bill_account", "case_number", "certificate_link")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern, re.ASCII)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    def rules(self) -> CodeRules:
        return CodeRules(self.bill_account, self.case_number, self.certificate_link, self.ecny)


class ScannerOptions(SerialOptions, RuleOptions):
    family: Family = Family.HONEYWELL


class KeyboardOptions(RuleOptions):
    """`key_gap_ms`: a longer pause between two keys of a code is not a scanner's."""

    path: str = Field(min_length=1, description="stable name, such as /dev/input/by-path/…-event-kbd")
    key_gap_ms: int = Field(default=50, ge=5, le=1000)


def _make_serial(options: ScannerOptions) -> SerialCodeScanner:
    return SerialCodeScanner(ScannerSettings(options.line(), options.family, options.rules()))


def _make_keyboard(options: KeyboardOptions) -> KeyboardCodeScanner:
    rhythm = KeyboardRhythm(key_gap=options.key_gap_ms / 1000)
    return KeyboardCodeScanner(KeyboardScannerSettings(options.path, options.rules(), rhythm))


SERIAL = DriverSpec(
    ScannerOptions, _make_serial, "code scanners on a serial line or USB-CDC (Honeywell, Newland, others)"
)
KEYBOARD = DriverSpec(KeyboardOptions, _make_keyboard, "code scanners that pretend to be a keyboard (USB HID, evdev)")
