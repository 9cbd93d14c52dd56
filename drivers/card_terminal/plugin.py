"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from drivers.card_terminal.vendor_driver import VendorCardTerminal, VendorSettings
from drivers.card_terminal.zvt_apdu import CONFIG_BYTE, SERVICE_BYTE
from drivers.card_terminal.zvt_driver import ZvtCardTerminal, ZvtSettings
from drivers.link.options import SerialOptions
from drivers.link.serial import SerialSettings
from drivers.link.tcp import TcpSettings
from drivers.registry import DriverOptions, DriverSpec


class ZvtOptions(DriverOptions):
    """What both kinds of line have in common; see `ZvtSettings`."""

    password: SecretStr = Field(default=SecretStr("000000"), description="six digits")
    currency: int = Field(default=156, ge=1, le=999, description="ISO 4217, such as 156 for CNY")
    config_byte: int = Field(default=CONFIG_BYTE, ge=0, le=255)
    service_byte: int = Field(default=SERVICE_BYTE, ge=0, le=255)
    text_blocks: bool = True
    repeat_receipt: bool = True
    encoding: Literal["gb18030", "utf-8", "cp437", "iso-8859-15", "ascii"] = "gb18030"

    def settings(self, line: TcpSettings | SerialSettings) -> ZvtSettings:
        password = self.password.get_secret_value()
        if len(password) != 6 or not (password.isascii() and password.isdigit()):
            raise ValueError("password: six digits")
        return ZvtSettings(
            line,
            int(password),
            self.currency,
            self.config_byte,
            self.service_byte,
            self.text_blocks,
            self.repeat_receipt,
            self.encoding,
        )


class ZvtTcpOptions(ZvtOptions):
    host: str = Field(min_length=1)
    port: int = Field(default=20007, ge=1, le=65535)


class ZvtSerialOptions(ZvtOptions, SerialOptions):
    """9600 baud and two stop bits, as PA00P016 prescribes; 115200 is common too."""

    baud: int = Field(default=9600, gt=0)
    stopbits: Literal[1, 2] = 2


class VendorOptions(DriverOptions):
    command: tuple[str, ...] = Field(min_length=1, description="the bridge program and its arguments")


def _make_tcp(options: ZvtTcpOptions) -> ZvtCardTerminal:
    return ZvtCardTerminal(options.settings(TcpSettings(options.host, options.port)))


def _make_serial(options: ZvtSerialOptions) -> ZvtCardTerminal:
    return ZvtCardTerminal(options.settings(options.line()))


def _make_vendor(options: VendorOptions) -> VendorCardTerminal:
    if not options.command[0].startswith("/"):
        raise ValueError("command: the program with its whole path")
    return VendorCardTerminal(VendorSettings(options.command))


ZVT_TCP = DriverSpec(ZvtTcpOptions, _make_tcp, "card terminals that speak ZVT (PA00P015) over the network")
ZVT_SERIAL = DriverSpec(ZvtSerialOptions, _make_serial, "card terminals that speak ZVT (PA00P015/16) on a serial line")
VENDOR_PROCESS = DriverSpec(
    VendorOptions, _make_vendor, "card terminals behind a vendor's library, in a bridge program of its own"
)
