"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import Field

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.supplies import Stock
from drivers.registry import DriverOptions, DriverSpec


class IppOptions(DriverOptions):
    """`certificate`: the printer's own certificate (PEM), where no authority vouches for it; `verify`: check it at all.
    `ignore_reasons`: printer-state-reasons this model misuses. `special_source`, `special_type`, `plain_source`: the
    printer's media-source and media-type keywords for licence paper and for ordinary paper."""

    uri: str = Field(min_length=1)
    verify: bool = True
    certificate: Path | None = None
    ignore_reasons: frozenset[str] = frozenset()
    special_source: str = ""
    special_type: str = ""
    plain_source: str = ""


def _make(options: IppOptions) -> IppDocumentPrinter:
    return IppDocumentPrinter(
        options.uri,
        verify=_pinned(options.certificate) if options.certificate and options.verify else options.verify,
        ignore_reasons=options.ignore_reasons,
        stock=Stock(options.special_source, options.special_type, options.plain_source),
    )


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Trust this one certificate, whatever name stands in it: printers put none, or their serial number."""
    try:
        context = ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"certificate: cannot be read: {type(error).__name__}") from error
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


IPP = DriverSpec(IppOptions, _make, "A4 printers and CUPS queues that speak IPP 2.0")
