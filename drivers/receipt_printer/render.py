"""Receipt → ESC/POS bytes.

python-escpos builds the plain commands. Its `text()` is not used: a string of Chinese punctuation alone, or of rare
characters, would come out as question marks, for it chooses a code page by the range U+4E00-U+9FA5. Here every row is
sent in Chinese mode (FS &) as GB18030; a row with a character the printer's font lacks is drawn as dots.
"""

from __future__ import annotations

from drivers.receipt_printer.escpos_library import QR_ECLEVEL_M, QR_MODEL_2, Dummy
from drivers.receipt_printer.layout import Align, Row, clean, in_printer_font, rows_of
from drivers.receipt_printer.port import Qr, Receipt
from drivers.receipt_printer.profile import PrinterProfile
from drivers.receipt_printer.raster import draw_qr, draw_row, qr_module, raster_command

CHINESE_MODE = b"\x1c\x26"  # FS &
LF = b"\n"


def render(receipt: Receipt, profile: PrinterProfile) -> bytes:
    """The slip from initialisation to cut. Takes some 10 ms, more with rare characters: call it in a thread."""
    printer = Dummy()
    printer.hw("INIT")
    printer._raw(CHINESE_MODE)
    for part in receipt.parts:
        if isinstance(part, Qr):
            _qr(printer, part, profile)
        else:
            for row in rows_of(part, profile.columns):
                _row(printer, row, profile)
    printer.cut(mode="PART" if profile.partial_cut else "FULL")
    return bytes(printer.output)


def _row(printer: Dummy, row: Row, profile: PrinterProfile) -> None:
    if not all(in_printer_font(char, profile.font) for char in row.text):
        printer.set(align="left")
        printer._raw(raster_command(draw_row(row, profile.columns)))
        return
    printer.set(align=row.align.value, bold=row.bold, custom_size=True, width=row.scale, height=row.scale)
    printer._raw(row.text.encode("gb18030") + LF)


def _qr(printer: Dummy, part: Qr, profile: PrinterProfile) -> None:
    data = clean(part.data).replace("\n", "")
    module = qr_module(data, profile.dots)
    if profile.native_qr:
        printer.set(align="center", custom_size=True, width=1, height=1)
        printer._raw(LF)  # printers leave no quiet zone above a native code
        printer.qr(data, ec=QR_ECLEVEL_M, size=module, model=QR_MODEL_2, native=True)
        printer._raw(LF)
    else:
        printer.set(align="left")
        printer._raw(raster_command(draw_qr(data, module, profile.dots)))
    if part.caption:
        _row(printer, Row(clean(part.caption), align=Align.CENTER), profile)
