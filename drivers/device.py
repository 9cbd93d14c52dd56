"""What every device has, whatever its class; each class adds what it is for in its own `port.py`."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from drivers.status import DeviceStatus


class DeviceClass(StrEnum):
    """The tables of devices.toml."""

    ID_READER = "id_reader"
    RECEIPT_PRINTER = "receipt_printer"
    DOCUMENT_PRINTER = "document_printer"
    CODE_SCANNER = "code_scanner"
    CAMERA = "camera"
    CASH = "cash"
    CARD_TERMINAL = "card_terminal"
    SMART_CARD = "smart_card"
    CABINET = "cabinet"
    KEYPAD = "keypad"


class Device(Protocol):
    """A device may be absent, broken or pulled out at any moment: that is a status, never an exception."""

    async def open(self) -> None:
        """Connect and keep connected, reconnecting with back-off. Soon back, connected or not; see `status`."""

    async def close(self) -> None:
        """Give the device up; it may be opened again. Leaves no task, thread or file descriptor behind."""

    @property
    def status(self) -> DeviceStatus:
        """The last known state. Asks nobody."""

    async def refresh(self) -> DeviceStatus:
        """Ask the device now, for a few seconds at most. Returns what is known when it is busy or silent."""
