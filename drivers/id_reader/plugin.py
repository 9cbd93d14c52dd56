"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.id_reader.reading import Wanted
from drivers.link.options import SerialOptions
from drivers.registry import DriverSpec


class SdtOptions(SerialOptions):
    """Everything beyond `path` has a default that suits most readers and reads no more than is needed."""

    probe_bauds: tuple[Literal[115200, 57600, 38400, 19200, 9600], ...] = Field(
        default=(115200, 57600, 38400, 19200, 9600),
        description="speeds tried when `baud` is not answered; [] to try none",
    )
    read_fingerprint: bool = Field(default=False, description="read the fingerprint features too (30 10)")
    read_new_address: bool = Field(default=False, description="read the newest appended address too (30 03)")
    rf_frame_bytes: int | None = Field(
        default=None, ge=1, le=255, description="longest frame between SAM and card (61 FF); many readers want 80"
    )
    allow_foreigner_2023: bool = Field(
        default=False, description="read permanent residence cards of 2023, whose layout is not verified"
    )


def _make(options: SdtOptions) -> SdtIdReader:
    return SdtIdReader(
        SdtSettings(
            options.line(),
            allow_foreigner_2023=options.allow_foreigner_2023,
            wanted=Wanted(fingerprint=options.read_fingerprint, new_address=options.read_new_address),
            probe_bauds=options.probe_bauds,
            rf_frame_bytes=options.rf_frame_bytes,
        )
    )


SDT_SERIAL = DriverSpec(SdtOptions, _make, "resident ID card readers with a SAM module on a serial line (GA/T 467)")
