"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from drivers.code_scanner.classify import DEFAULT_BILL_ACCOUNT
from drivers.code_scanner.driver import ScannerSettings, SerialCodeScanner
from drivers.code_scanner.frames import Family
from drivers.link.options import SerialOptions
from drivers.registry import DriverSpec


class ScannerOptions(SerialOptions):
    """`bill_account`: the region's account numbers, as a regular expression for the whole text."""

    family: Family = Family.HONEYWELL
    bill_account: str = DEFAULT_BILL_ACCOUNT


def _make(options: ScannerOptions) -> SerialCodeScanner:
    return SerialCodeScanner(ScannerSettings(options.line(), options.family, options.bill_account))


SERIAL = DriverSpec(ScannerOptions, _make, "code scanners on a serial line or USB-CDC (Honeywell, Newland, others)")
