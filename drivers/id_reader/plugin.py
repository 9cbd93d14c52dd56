"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.link.options import SerialOptions
from drivers.registry import DriverSpec


class SdtOptions(SerialOptions):
    """`allow_foreigner_2023`: read permanent residence cards of 2023, whose layout is not verified."""

    allow_foreigner_2023: bool = False


def _make(options: SdtOptions) -> SdtIdReader:
    return SdtIdReader(SdtSettings(options.line(), allow_foreigner_2023=options.allow_foreigner_2023))


SDT_SERIAL = DriverSpec(SdtOptions, _make, "resident ID card readers with a SAM module on a serial line (GA/T 467)")
