"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drivers.cash.ssp_channel import SspTimings
from drivers.cash.ssp_driver import YUAN_NOTES, SspAcceptor, SspSettings
from drivers.link.options import SerialOptions
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
