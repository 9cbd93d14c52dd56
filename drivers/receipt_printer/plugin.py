"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from drivers.link.character_device import CharacterDeviceSettings
from drivers.link.options import SerialOptions
from drivers.link.tcp import TcpSettings
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.profile import PROFILES, Font, PrinterProfile
from drivers.registry import DriverOptions, DriverSpec

ProfileName = Literal["generic-80", "generic-58", "gb-80", "epson-80"]


class ModelOptions(DriverOptions):
    """`profile`: what the model can do; `font` and `near_end_sensor` correct it for one printer."""

    profile: ProfileName = "generic-80"
    font: Font | None = None
    near_end_sensor: bool | None = None

    def model(self) -> PrinterProfile:
        profile = PROFILES[self.profile]
        if self.font is not None:
            profile = replace(profile, font=self.font)
        if self.near_end_sensor is not None:
            profile = replace(profile, near_end_sensor=self.near_end_sensor)
        return profile


class EscPosSerialOptions(SerialOptions, ModelOptions):
    """`xonxoff`: obeyed by the driver; the kernel would hold back the status questions as well."""

    xonxoff: bool = False


class EscPosTcpOptions(ModelOptions):
    host: str = Field(min_length=1)
    port: int = Field(default=9100, gt=0, lt=65536)


class EscPosUsbOptions(ModelOptions):
    path: str = Field(
        min_length=1, description="the kernel's printer device, such as /dev/usb/lp0 or a udev link to it"
    )


def _make_serial(options: EscPosSerialOptions) -> EscPosReceiptPrinter:
    return EscPosReceiptPrinter(options.line(), options.model(), software_flow=options.xonxoff)


def _make_tcp(options: EscPosTcpOptions) -> EscPosReceiptPrinter:
    return EscPosReceiptPrinter(TcpSettings(options.host, options.port), options.model())


def _make_usb(options: EscPosUsbOptions) -> EscPosReceiptPrinter:
    return EscPosReceiptPrinter(CharacterDeviceSettings(options.path), options.model())


ESCPOS_SERIAL = DriverSpec(EscPosSerialOptions, _make_serial, "ESC/POS receipt printers on a serial line")
ESCPOS_TCP = DriverSpec(EscPosTcpOptions, _make_tcp, "ESC/POS receipt printers on the network, TCP port 9100")
ESCPOS_USB = DriverSpec(EscPosUsbOptions, _make_usb, "ESC/POS receipt printers on USB, through the kernel's usblp")
