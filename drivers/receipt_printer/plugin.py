"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from drivers.link.options import SerialOptions
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.profile import EPSON_80, GENERIC_58, GENERIC_80
from drivers.registry import DriverSpec

_PROFILES = {"generic-80": GENERIC_80, "generic-58": GENERIC_58, "epson-80": EPSON_80}
ProfileName = Literal["generic-80", "generic-58", "epson-80"]


class EscPosSerialOptions(SerialOptions):
    profile: ProfileName = "generic-80"


def _make_serial(options: EscPosSerialOptions) -> EscPosReceiptPrinter:
    return EscPosReceiptPrinter(options.line(), _PROFILES[options.profile])


ESCPOS_SERIAL = DriverSpec(EscPosSerialOptions, _make_serial, "ESC/POS receipt printers on a serial line")
