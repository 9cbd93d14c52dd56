"""IPP replies of any kind: a message or Malformed, and whatever it says is read into a status, levels and a job."""

from __future__ import annotations

from drivers.document_printer.formats import read_raster
from drivers.document_printer.ipp_codec import IppMessage, Malformed, decode
from drivers.document_printer.ipp_values import GroupTag
from drivers.document_printer.printer_status import device_status, job_progress, read_facts, read_printer
from drivers.document_printer.supplies import Stock
from drivers.status import DeviceState

_HEAD = bytes.fromhex(
    "020000000000000101470012617474726962757465732d636861727365740005"
    "7574662d3848001b617474726962757465732d6e61747572616c2d6c616e67756167650002656e"
)


def _text(tag: int, name: str, *values: bytes) -> bytes:
    out = b""
    for index, value in enumerate(values):
        called = name.encode() if index == 0 else b""
        out += bytes([tag]) + len(called).to_bytes(2, "big") + called + len(value).to_bytes(2, "big") + value
    return out


_STATE = b"\x04" + _text(0x23, "printer-state", b"\0\0\0\x03") + _text(0x44, "printer-state-reasons", b"none")
_READY = (
    bytes.fromhex("34000f6d656469612d636f6c2d72656164790000")
    + bytes.fromhex("4a0000000c6d656469612d736f75726365")
    + _text(0x44, "", b"tray-2")
    + bytes.fromhex("3700000000")
)

SEEDS: tuple[bytes, ...] = (
    _HEAD + _STATE + b"\x03",
    _HEAD
    + b"\x04"
    + _text(0x23, "printer-state", b"\0\0\0\x05")
    + _text(0x44, "printer-state-reasons", b"media-jam-error", b"toner-low", b"com.vendor.x-report")
    + b"\x03",
    _HEAD + _STATE + _text(0x30, "printer-supply", b"type=toner;maxcapacity=100;level=75;") + b"\x03",
    _HEAD + _STATE + _text(0x30, "printer-input-tray", b"maxcapacity=250;level=-2;name=tray-1;") + _READY + b"\x03",
    _HEAD + _STATE + _text(0x21, "marker-levels", b"\0\0\0\x28") + _text(0x44, "marker-types", b"toner") + b"\x03",
    _HEAD
    + _STATE
    + _text(0x32, "pwg-raster-document-resolution-supported", b"\0\0\1\x2c\0\0\1\x2c\x03")
    + _text(0x44, "pwg-raster-document-type-supported", b"sgray_8")
    + _text(0x49, "document-format-supported", b"image/pwg-raster")
    + b"\x03",
    _HEAD + b"\x02" + _text(0x21, "job-id", b"\0\0\0\x07") + _text(0x23, "job-state", b"\0\0\0\x09") + b"\x03",
    b"<html>",
    b"",
)


def one_input(data: bytes) -> None:
    message = decode(data)
    if isinstance(message, Malformed):
        assert message.reason
        return
    assert isinstance(message, IppMessage)
    for stock in (Stock(), Stock("tray-2", "", "tray-1"), Stock("", "stationery")):
        look = read_printer(message, frozenset(), stock)
        status = device_status(look, message, stock)
        assert look is not None or status.device is DeviceState.UNKNOWN
        assert all(0 <= level <= 100 for level in status.levels.values()), status.levels
        assert all(name.isprintable() for name in status.levels)
        if look is not None:
            look.supplies.special_filled(stock)
    facts = read_facts(message)
    assert facts.identity.isprintable()
    read_raster(message.group(GroupTag.PRINTER))
    for group in message.all_groups(GroupTag.JOB):
        sheets = job_progress(group).sheets_done
        assert sheets is None or sheets >= 0
