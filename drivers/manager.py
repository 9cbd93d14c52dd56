"""Opens what `devices.toml` names: one table for each device class, whose `driver` names the driver.

    [id_reader]
    driver = "sdt-serial"
    path = "/dev/serial/by-path/…"
    baud = 115200

A class that is not named is absent. An unknown driver or option is an error at start, with the table's name: a
terminal that silently ran without its printer would be found out by a resident.
"""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError

from drivers.cabinet.port import Cabinet
from drivers.camera.device import CameraDevice
from drivers.card_terminal.port import CardTerminal
from drivers.cash.port import CashAcceptor
from drivers.code_scanner.port import CodeScanner
from drivers.device import Device, DeviceClass
from drivers.document_printer.port import DocumentPrinter
from drivers.id_reader.port import IdReader
from drivers.keypad.port import Keypad
from drivers.receipt_printer.port import ReceiptPrinter
from drivers.registry import UnknownDriverError, find_driver
from drivers.smart_card.port import SmartCardReader

log = structlog.get_logger()

REFRESH_S = 10.0


class DevicesFileError(Exception):
    """devices.toml cannot be used; the message names the table and what is wrong with it."""


@dataclass(frozen=True)
class DeviceSet:
    """What a terminal has, by class; each may be absent."""

    id_reader: IdReader | None = None
    receipt_printer: ReceiptPrinter | None = None
    document_printer: DocumentPrinter | None = None
    code_scanner: CodeScanner | None = None
    camera: CameraDevice | None = None
    cash: CashAcceptor | None = None
    card_terminal: CardTerminal | None = None
    smart_card: SmartCardReader | None = None
    cabinet: Cabinet | None = None
    keypad: Keypad | None = None

    def present(self) -> dict[DeviceClass, Device]:
        """The devices that are there, in the order of `DeviceClass`."""
        found = ((DeviceClass(field.name), getattr(self, field.name)) for field in fields(self))
        return {device_class: device for device_class, device in found if device is not None}

    async def open(self) -> None:
        """All at the same time: a slow one does not hold up the others, nor does one that fails."""
        await asyncio.gather(*(_open(device_class, device) for device_class, device in self.present().items()))

    async def refresh(self) -> None:
        """Ask all devices how they are, for `REFRESH_S` at most: a driver that hangs holds up nobody else."""
        await asyncio.gather(*(_refresh(device_class, device) for device_class, device in self.present().items()))

    async def close(self) -> None:
        """Closes every device, even when closing one of them fails."""
        present = self.present()
        ends = await asyncio.gather(*(device.close() for device in present.values()), return_exceptions=True)
        for device_class, end in zip(present, ends, strict=True):
            if isinstance(end, Exception):
                log.error("device_not_closed", device=device_class.value, error=type(end).__name__)


async def _open(device_class: DeviceClass, device: Device) -> None:
    try:
        await device.open()
    except Exception as error:  # noqa: BLE001 - a bug in one driver: that device stays unready, the others serve
        log.error("device_not_opened", device=device_class.value, error=type(error).__name__)


async def _refresh(device_class: DeviceClass, device: Device) -> None:
    try:
        async with asyncio.timeout(REFRESH_S):
            await device.refresh()
    except TimeoutError:
        log.warning("device_refresh_slow", device=device_class.value)
    except Exception as error:  # noqa: BLE001 - a bug in one driver must not hide the others' states
        log.error("device_refresh_failed", device=device_class.value, error=type(error).__name__)


def read_tables(path: Path) -> dict[DeviceClass, dict[str, Any]]:
    """The tables of devices.toml, not yet looked into. Raises DevicesFileError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise DevicesFileError(f"{path}: {error}") from error
    found: dict[DeviceClass, dict[str, Any]] = {}
    for name, table in tables.items():
        try:
            device_class = DeviceClass(name)
        except ValueError:
            known = [each.value for each in DeviceClass]
            raise DevicesFileError(f"{path}: unknown device class {name!r}; known are {known}") from None
        if not isinstance(table, dict):
            raise DevicesFileError(f"[{name}] is not a table")
        found[device_class] = table
    return found


def make_device(device_class: DeviceClass, table: dict[str, Any]) -> Device:
    """The driver a table names; nothing is opened yet. Raises DevicesFileError."""
    options = {key: value for key, value in table.items() if key != "driver"}
    try:
        spec = find_driver(device_class, table.get("driver"))
        return spec.make(spec.options.model_validate(options))
    except ValidationError as error:
        raise DevicesFileError(f"[{device_class.value}] {_first(error, spec.options)}") from None
    except (UnknownDriverError, ValueError) as error:
        raise DevicesFileError(f"[{device_class.value}] {error}") from error


def read_devices(path: Path) -> DeviceSet:
    """Make all drivers; nothing is opened yet. Raises DevicesFileError."""
    devices: dict[str, Any] = {
        device_class.value: make_device(device_class, table) for device_class, table in read_tables(path).items()
    }
    return DeviceSet(**devices)


def _first(error: ValidationError, options: type[BaseModel]) -> str:
    """The first complaint, in one line, without the value: it may be a password."""
    complaint = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in complaint["loc"])
    if complaint["type"] == "extra_forbidden":
        return f"has no option {where!r}; known are {sorted(options.model_fields)}"
    return f"{where}: {complaint['msg']}"
