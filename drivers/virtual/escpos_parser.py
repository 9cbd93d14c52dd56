"""The receiving half of the virtual receipt printer: a byte stream as commands, by the tables of ESC/POS manuals."""

from __future__ import annotations

from dataclasses import dataclass

# Commands of fixed length: the bytes that name one → how many parameter bytes follow.
FIXED: dict[bytes, int] = {
    b"\x1b\x40": 0,  # initialise
    b"\x1b\x61": 1,  # align
    b"\x1b\x45": 1,  # bold
    b"\x1b\x21": 1,  # print mode
    b"\x1b\x64": 1,  # feed n lines
    b"\x1b\x4a": 1,  # feed n dots
    b"\x1b\x74": 1,  # code page
    b"\x1b\x52": 1,  # national characters
    b"\x1b\x32": 0,  # default line spacing
    b"\x1b\x33": 1,  # line spacing
    b"\x1b\x4d": 1,  # font
    b"\x1b\x2d": 1,  # underline
    b"\x1b\x70": 3,  # drawer
    b"\x1c\x26": 0,  # Chinese mode on
    b"\x1c\x2e": 0,  # Chinese mode off
    b"\x1c\x21": 1,  # Chinese print mode
    b"\x1c\x57": 1,  # Chinese quadruple size
    b"\x1d\x21": 1,  # size
    b"\x1d\x61": 1,  # automatic status
    b"\x1d\x72": 1,  # transmit status (buffered)
    b"\x1d\x49": 1,  # transmit printer id
    b"\x1d\x67\x32": 3,  # transmit maintenance counter
}


@dataclass(frozen=True)
class Command:
    """`name`: "text" (data: the characters' bytes), "lf", "raster", "cut", "function" (GS ( x) or the two or three
    bytes of a fixed command in hex. `raw`: everything as it was received."""

    name: str
    data: bytes
    raw: bytes


def take(buffer: bytearray) -> Command | None:
    """The next complete command, taken out of the buffer; None while it is incomplete."""
    if not buffer:
        return None
    first = buffer[0]
    if first == 0x10:
        return _real_time(buffer)
    if first in (0x1B, 0x1C, 0x1D):
        return _escape(buffer)
    if first == 0x0A:
        return _cut_out(buffer, "lf", 0, 1)
    if first < 0x20:
        return _cut_out(buffer, "ignored", 0, 1)
    return _text(buffer)


def _cut_out(buffer: bytearray, name: str, data_from: int, length: int) -> Command | None:
    if len(buffer) < length:
        return None
    raw = bytes(buffer[:length])
    del buffer[:length]
    return Command(name, raw[data_from:], raw)


def _real_time(buffer: bytearray) -> Command | None:
    """Already obeyed when they came in; here they are only stepped over."""
    if len(buffer) < 2:
        return None
    if buffer[1] == 0x14:
        return None if len(buffer) < 3 else _cut_out(buffer, "real-time", 2, 10 if buffer[2] == 8 else 5)
    return _cut_out(buffer, "real-time", 2, 3 if buffer[1] in (0x04, 0x05) else 1)


def _text(buffer: bytearray) -> Command | None:
    """Printable bytes up to the next control code; half a Chinese character waits for its other half."""
    end = 0
    while end < len(buffer) and buffer[end] >= 0x20:
        step = 2 if buffer[end] >= 0x81 else 1
        if end + step > len(buffer):
            break
        end += step
    return _cut_out(buffer, "text", 0, end) if end else None


def _escape(buffer: bytearray) -> Command | None:
    if len(buffer) < 2:
        return None
    for size in (2, 3):
        parameters = FIXED.get(bytes(buffer[:size]))
        if parameters is not None:
            return _cut_out(buffer, bytes(buffer[:size]).hex(), size, size + parameters)
    name = bytes(buffer[:2])
    if name == b"\x1d\x76":  # GS v 0 m xL xH yL yH dots
        if len(buffer) < 8:
            return None
        return _cut_out(buffer, "raster", 3, 8 + _word(buffer, 4) * _word(buffer, 6))
    if name == b"\x1d\x56":  # GS V m, or m n for the cuts that feed
        if len(buffer) < 3:
            return None
        return _cut_out(buffer, "cut", 2, 3 if buffer[2] in (0, 1, 48, 49) else 4)
    if name == b"\x1d\x28":  # GS ( x pL pH …
        return None if len(buffer) < 5 else _cut_out(buffer, "function", 2, 5 + _word(buffer, 3))
    if name == b"\x1d\x67":
        return None if len(buffer) < 3 else _cut_out(buffer, "unknown", 0, 3)
    return _cut_out(buffer, "unknown", 0, 2)


def _word(buffer: bytearray, at: int) -> int:
    return buffer[at] + 256 * buffer[at + 1]


class RealTimeScanner:
    """Finds DLE EOT n, DLE ENQ n and DLE DC4 8 wherever they are, even inside image data, as a serial printer does."""

    CLEAR = b"\x14\x08\x01\x03\x14\x01\x06\x02\x08"

    def __init__(self) -> None:
        self._tail = b""

    def behind_clear(self, data: bytes) -> bytes:
        """What of `data` comes behind its last clear command and so is not cleared; empty without one."""
        _, cleared, behind = (self._tail + data).rpartition(b"\x10" + self.CLEAR)
        return behind if cleared else b""

    def feed(self, data: bytes) -> list[bytes]:
        """The real-time commands without their DLE, complete by now."""
        found: list[bytes] = []
        stream = self._tail + data
        at = 0
        while (at := stream.find(b"\x10", at)) >= 0:
            rest = stream[at + 1 :]
            if len(rest) >= 2 and rest[0] in (0x04, 0x05):
                found.append(rest[:2])
                at += 3
            elif len(rest) >= len(self.CLEAR) and rest.startswith(self.CLEAR):
                found.append(self.CLEAR)
                at += 1 + len(self.CLEAR)
            elif _may_continue(rest, self.CLEAR):
                self._tail = stream[at:]
                return found
            else:
                at += 1
        self._tail = b""
        return found


def _may_continue(rest: bytes, clear: bytes) -> bool:
    return not rest or rest in (b"\x04", b"\x05") or (len(rest) < len(clear) and clear.startswith(rest))
