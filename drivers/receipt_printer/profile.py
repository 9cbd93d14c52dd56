"""What a model can do. Nothing is taken on trust: a capability that is not stated here is not used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PrinterProfile:
    """`columns`: of font A, 12 dots each. `status_queries`: the DLE EOT numbers the model answers truthfully (some
    clones answer 3 with 00). `process_id`: GS ( H function 48. `cut_counter`: the number of the autocutter's counter
    for GS g 2. `clear_buffer`: DLE DC4 function 8, so that a slip cut short by a fault does not go on after the repair.
    """

    columns: int = 48
    status_queries: tuple[int, ...] = (1, 2, 3, 4)
    process_id: bool = False
    cut_counter: int | None = None
    native_qr: bool = True
    partial_cut: bool = False
    clear_buffer: bool = False

    @property
    def dots(self) -> int:
        """The printable width at 203 dpi."""
        return self.columns * 12


GENERIC_80 = PrinterProfile()
GENERIC_58 = PrinterProfile(columns=32)
EPSON_80 = PrinterProfile(process_id=True, cut_counter=50, clear_buffer=True)
