"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from pydantic import Field

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.registry import DriverOptions, DriverSpec


class IppOptions(DriverOptions):
    """`verify`: check the printer's certificate (ipps). `ignore_reasons`: printer-state-reasons this model misuses."""

    uri: str = Field(min_length=1)
    verify: bool = True
    ignore_reasons: frozenset[str] = frozenset()


def _make(options: IppOptions) -> IppDocumentPrinter:
    return IppDocumentPrinter(options.uri, verify=options.verify, ignore_reasons=options.ignore_reasons)


IPP = DriverSpec(IppOptions, _make, "A4 printers and CUPS queues that speak IPP 2.0")
