"""Frames of the Smiley Secure Protocol (ITL SSP, unencrypted).

    7F | SEQ (bit 7) and address (bits 0-6) | LEN | data (LEN) | CRC low | CRC high

The CRC (polynomial 8005, seed FFFF, most significant bit first) covers everything between 7F and itself, before
stuffing; after the first byte every 7F is doubled. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastcrc import crc16

STX = 0x7F
MAX_DATA = 255
MAX_ADDRESS = 0x7D
_AROUND_DATA = 4  # sequence and address, length, two bytes of CRC


def crc(body: bytes) -> bytes:
    """As it is sent: low byte first. "CMS" is the catalogue's name of this one."""
    value: int = crc16.cms(body)
    return value.to_bytes(2, "little")


@dataclass(frozen=True)
class Frame:
    """`sequence`: bit 7, which changes with every new command and not with a repeated one."""

    address: int
    sequence: bool
    data: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.address <= MAX_ADDRESS:
            raise ValueError("SSP addresses go from 0 to 7D")
        if not 1 <= len(self.data) <= MAX_DATA:
            raise ValueError("an SSP frame carries 1 to 255 bytes")

    def to_bytes(self) -> bytes:
        body = bytes([self.address | (0x80 if self.sequence else 0), len(self.data)]) + self.data
        return bytes([STX]) + (body + crc(body)).replace(b"\x7f", b"\x7f\x7f")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Frame:
        """One whole frame and nothing else; ValueError."""
        frames = (parser := FrameParser()).feed(raw)
        if len(frames) != 1 or parser.pending or parser.skipped:
            raise ValueError("not one SSP frame")
        return frames[0]


class FrameParser:
    """Cuts frames out of a stream. A lone 7F begins a frame wherever it stands, so noise and damaged lengths cost one
    frame and never the next one."""

    def __init__(self) -> None:
        self._body = bytearray()  # unstuffed, from the sequence byte on
        self._in_frame = False
        self._after_stx = False  # the last byte was a 7F whose meaning the next one tells
        self.damaged = 0  # frames dropped for their length or CRC, since `reset`
        self.skipped = 0  # bytes outside frames, since `reset`

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame are kept; never more than a frame has."""
        return len(self._body) + self._in_frame + self._after_stx

    def reset(self) -> None:
        self._drop()
        self._after_stx = False
        self.damaged = self.skipped = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`, in order."""
        frames = []
        for byte in data:
            if (frame := self._take(byte)) is not None:
                frames.append(frame)
        return frames

    def _take(self, byte: int) -> Frame | None:
        if self._after_stx:
            if byte == STX:
                if not self._body:  # no sequence byte is 7F: the first of the two was noise
                    self.skipped += 1
                    return None
                self._after_stx = False
                return self._append(byte)
            self._after_stx = False
            if self._body:
                self.damaged += 1
            self._drop()
            self._in_frame = True
            return self._append(byte)
        if byte == STX:
            self._after_stx = True
            return None
        if not self._in_frame:
            self.skipped += 1
            return None
        return self._append(byte)

    def _append(self, byte: int) -> Frame | None:
        self._body.append(byte)
        impossible = self._body[0] & 0x7F > MAX_ADDRESS or (len(self._body) == 2 and byte == 0)
        if not impossible and (len(self._body) < 2 or len(self._body) < self._body[1] + _AROUND_DATA):
            return None
        body, check = bytes(self._body[:-2]), bytes(self._body[-2:])
        self._drop()
        if impossible or crc(body) != check:
            self.damaged += 1
            return None
        return Frame(body[0] & 0x7F, bool(body[0] & 0x80), body[2:])

    def _drop(self) -> None:
        self._body.clear()
        self._in_frame = False
