"""What a model can do. Nothing is taken on trust: a capability that is not stated here is not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Font = Literal["ascii", "gb2312", "gbk"]


@dataclass(frozen=True)
class PrinterProfile:
    """`columns`: of font A, 12 dots each. `font`: the characters it has of its own; all others are drawn as dots.
    `status_queries`: the DLE EOT numbers the model answers truthfully (some clones answer 3 with 00).
    `near_end_sensor`: without one the near-end bits mean nothing. `automatic_status`: the bits of GS a, None where the
    model does not report changes by itself. How it tells that a slip is done: `process_id`, by GS ( H function 48, or
    `buffered_status`, by GS r 1. `cut_counter`: the number of the autocutter's counter for GS g 2. `identity`: GS I 66
    to 68. `clear_buffer`: DLE DC4 function 8, so that a slip cut short by a fault does not go on after the repair.
    """

    columns: int = 48
    font: Font = "gbk"
    status_queries: tuple[int, ...] = (1, 2, 3, 4)
    near_end_sensor: bool = False
    automatic_status: int | None = None
    process_id: bool = False
    buffered_status: bool = False
    cut_counter: int | None = None
    identity: bool = False
    native_qr: bool = True
    partial_cut: bool = False
    clear_buffer: bool = False

    @property
    def dots(self) -> int:
        """The printable width at 203 dpi."""
        return self.columns * 12


GENERIC_80 = PrinterProfile()
GENERIC_58 = PrinterProfile(columns=32)
EPSON_80 = PrinterProfile(
    near_end_sensor=True,
    automatic_status=0x0E,  # on/offline, error, paper
    process_id=True,
    cut_counter=50,
    identity=True,
    clear_buffer=True,
)
GB_80 = PrinterProfile(near_end_sensor=True, buffered_status=True)  # printers made for China with a GB 18030 font
PROFILES = {"generic-80": GENERIC_80, "generic-58": GENERIC_58, "gb-80": GB_80, "epson-80": EPSON_80}
