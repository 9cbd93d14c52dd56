"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drivers.cash.ict104_codec import BILL_TYPES
from drivers.cash.ict104_driver import Ict104Acceptor
from drivers.cash.ict104_settings import IctSettings
from drivers.cash.ssp_driver import SspAcceptor
from drivers.cash.ssp_settings import YUAN_NOTES, SspSettings, SspTimings
from drivers.link.options import SerialOptions
from drivers.link.serial import Parity
from drivers.registry import DriverSpec


class SspOptions(SerialOptions):
    """`currency` and `denominations` (fen): what the unit's set-up has to agree with."""

    baud: int = Field(default=9600, gt=0)
    stopbits: Literal[1, 2] = 2
    address: int = Field(default=0, ge=0, le=0x7D)
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    denominations: tuple[int, ...] = YUAN_NOTES
    poll_s: float = Field(default=0.2, gt=0, le=2)


def _make_ssp(options: SspOptions) -> SspAcceptor:
    return SspAcceptor(
        SspSettings(
            options.line(),
            address=options.address,
            currency=options.currency,
            denominations=options.denominations,
            timings=SspTimings(poll=options.poll_s),
        )
    )


ITL_SSP = DriverSpec(SspOptions, _make_ssp, "banknote validators with ITL SSP, unencrypted (NV9, NV10, BV20 …)")


class IctOptions(SerialOptions):
    """`bills`: fen of the bill types 1 to 5 in the unit's order, 0 for one that is not used: the unit cannot be asked.
    `hold_code`: 24 (18 hexadecimal), or 90 (5A) from V0.3 on."""

    baud: int = Field(default=9600, gt=0)
    parity: Parity = "E"
    bills: tuple[int, ...] = Field(min_length=1, max_length=BILL_TYPES)
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    hold_code: Literal[0x18, 0x5A] = 0x18


def _make_ict(options: IctOptions) -> Ict104Acceptor:
    if not any(options.bills) or any(value and value not in YUAN_NOTES for value in options.bills):
        raise ValueError(f"bills: each is 0 or one of {YUAN_NOTES} (fen)")
    return Ict104Acceptor(
        IctSettings(options.line(), options.bills, currency=options.currency, hold_code=options.hold_code)
    )


ICT104 = DriverSpec(IctOptions, _make_ict, "banknote acceptors with ICT104 (ICT 104U, V7, LV77 and their like)")
