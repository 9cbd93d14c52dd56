"""What the kiosk asks of any receipt printer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


@dataclass(frozen=True)
class Heading:
    """A centred line in double size."""

    text: str


@dataclass(frozen=True)
class Line:
    """A line of text; long lines wrap at the paper's width."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Pair:
    """A label at the left and a value at the right; the value moves to its own line when both do not fit."""

    label: str
    value: str
    large: bool = False


@dataclass(frozen=True)
class Rule:
    """A dashed line across the paper."""


@dataclass(frozen=True)
class Qr:
    """A QR code, centred, with a caption under it."""

    data: str
    caption: str = ""


ReceiptPart = Heading | Line | Pair | Rule | Qr


@dataclass(frozen=True)
class Receipt:
    """A slip of paper from top to cut. Masked data only: it may be left behind."""

    parts: tuple[ReceiptPart, ...]


class ReceiptOutcome(StrEnum):
    """PAPER_OUT, COVER_OPEN and OFFLINE: refused before a byte went out, there is surely no slip."""

    PRINTED = "printed"
    PAPER_OUT = "paper-out"
    COVER_OPEN = "cover-open"
    CUTTER_ERROR = "cutter-error"
    HARDWARE_ERROR = "hardware-error"
    OFFLINE = "offline"
    UNKNOWN = "unknown"  # bytes went out, and the printer did not confirm; `status` may say why


class ReceiptPrinter(Device, Protocol):
    async def print_receipt(self, receipt: Receipt) -> ReceiptOutcome:
        """Print and cut; PRINTED only when the printer said so."""

    async def cut_count(self) -> int | None:
        """The printer's own lifetime counter of cuts, by which recovery learns whether a slip really came out;
        None where the model has none."""
