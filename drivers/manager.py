"""Opens what `devices.toml` names: one table for each device class, whose `driver` names the driver.

    [id_reader]
    driver = "sdt-serial"
    path = "/dev/serial/by-path/…"
    baud = 115200

A class that is not named is absent. An unknown driver or option is an error at start, with the table's name: a
terminal that silently ran without its printer would be found out by a resident.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from drivers.code_scanner.classify import DEFAULT_BILL_ACCOUNT
from drivers.code_scanner.driver import ScannerSettings, SerialCodeScanner
from drivers.code_scanner.frames import Family
from drivers.code_scanner.port import CodeScanner
from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.port import DocumentPrinter
from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.id_reader.port import IdReader
from drivers.link.serial import SerialSettings
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.port import ReceiptPrinter
from drivers.receipt_printer.profile import EPSON_80, GENERIC_58, GENERIC_80

Options = Mapping[str, Any]
D = TypeVar("D")


class DevicesFileError(Exception):
    """devices.toml cannot be used; the message names the table and what is wrong with it."""


@dataclass(frozen=True)
class DeviceSet:
    """What a terminal has. `camera_source` is only a name here: the camera is opened by the face worker."""

    id_reader: IdReader | None = None
    receipt_printer: ReceiptPrinter | None = None
    document_printer: DocumentPrinter | None = None
    code_scanner: CodeScanner | None = None
    camera_source: str | None = None

    async def open(self) -> None:
        for device in (self.id_reader, self.receipt_printer, self.document_printer, self.code_scanner):
            if device is not None:
                await device.open()

    async def close(self) -> None:
        for device in (self.id_reader, self.receipt_printer, self.document_printer, self.code_scanner):
            if device is not None:
                await device.close()


_LINE = {"path", "baud", "parity", "stopbits", "rtscts", "dsrdtr"}
_OPTIONS: dict[str, set[str]] = {
    "sdt-serial": _LINE | {"allow_foreigner_2023"},
    "escpos-serial": _LINE | {"profile"},
    "ipp": {"uri", "verify", "ignore_reasons"},
    "serial": _LINE | {"family", "bill_account"},
    "opencv": {"source"},
}


def _serial(options: Options) -> SerialSettings:
    return SerialSettings(**{key: options[key] for key in options.keys() & _LINE})


_PROFILES = {"generic-80": GENERIC_80, "generic-58": GENERIC_58, "epson-80": EPSON_80}
_ID_READERS: dict[str, Callable[[Options], IdReader]] = {
    "sdt-serial": lambda options: SdtIdReader(
        SdtSettings(_serial(options), allow_foreigner_2023=bool(options.get("allow_foreigner_2023", False)))
    ),
}
_RECEIPT_PRINTERS: dict[str, Callable[[Options], ReceiptPrinter]] = {
    "escpos-serial": lambda options: EscPosReceiptPrinter(
        _serial(options), _PROFILES[options.get("profile", "generic-80")]
    ),
}
_DOCUMENT_PRINTERS: dict[str, Callable[[Options], DocumentPrinter]] = {
    "ipp": lambda options: IppDocumentPrinter(
        options["uri"],
        verify=bool(options.get("verify", True)),
        ignore_reasons=frozenset(options.get("ignore_reasons", ())),
    ),
}
_CODE_SCANNERS: dict[str, Callable[[Options], CodeScanner]] = {
    "serial": lambda options: SerialCodeScanner(
        ScannerSettings(
            _serial(options),
            Family(options.get("family", "honeywell")),
            str(options.get("bill_account", DEFAULT_BILL_ACCOUNT)),
        )
    ),
}
_CAMERAS: dict[str, Callable[[Options], str]] = {"opencv": lambda options: str(options["source"])}


def read_devices(path: Path) -> DeviceSet:
    """Make the drivers; nothing is opened yet. Raises DevicesFileError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DevicesFileError(f"{path}: {error}") from error
    known = {"id_reader", "receipt_printer", "document_printer", "code_scanner", "camera"}
    strange = tables.keys() - known
    if strange:
        raise DevicesFileError(f"{path}: unknown device class {sorted(strange)[0]!r}; known are {sorted(known)}")
    return DeviceSet(
        id_reader=_make(tables, "id_reader", _ID_READERS),
        receipt_printer=_make(tables, "receipt_printer", _RECEIPT_PRINTERS),
        document_printer=_make(tables, "document_printer", _DOCUMENT_PRINTERS),
        code_scanner=_make(tables, "code_scanner", _CODE_SCANNERS),
        camera_source=_make(tables, "camera", _CAMERAS),
    )


def _make(tables: Mapping[str, Any], name: str, drivers: Mapping[str, Callable[[Options], D]]) -> D | None:
    options = tables.get(name)
    if options is None:
        return None
    if not isinstance(options, dict):
        raise DevicesFileError(f"[{name}] is not a table")
    driver = options.get("driver")
    if not isinstance(driver, str) or driver not in drivers:
        raise DevicesFileError(f"[{name}] driver = {driver!r} is unknown; known are {sorted(drivers)}")
    strange = options.keys() - _OPTIONS[driver] - {"driver"}
    if strange:
        raise DevicesFileError(f"[{name}] has no option {sorted(strange)[0]!r}; known are {sorted(_OPTIONS[driver])}")
    try:
        return drivers[driver](options)
    except (KeyError, TypeError, ValueError) as error:
        raise DevicesFileError(f"[{name}] {error}") from error
