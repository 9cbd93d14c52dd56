"""Options that many drivers' tables share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drivers.link.serial import Parity, SerialSettings
from drivers.registry import DriverOptions


class SerialOptions(DriverOptions):
    """A serial line in devices.toml. A protocol that prescribes other settings overrides the defaults."""

    path: str = Field(min_length=1, description="stable name, such as /dev/serial/by-path/…")
    baud: int = Field(default=115200, gt=0)
    bytesize: Literal[7, 8] = 8
    parity: Parity = "N"
    stopbits: Literal[1, 2] = 1
    rtscts: bool = False
    dsrdtr: bool = False

    def line(self) -> SerialSettings:
        return SerialSettings(
            path=self.path,
            baud=self.baud,
            bytesize=self.bytesize,
            parity=self.parity,
            stopbits=self.stopbits,
            rtscts=self.rtscts,
            dsrdtr=self.dsrdtr,
        )
