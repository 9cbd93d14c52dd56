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
MAX_RAW = 1 + 2 * (MAX_DATA + _AROUND_DATA)  # a frame of nothing but 7F


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
    """Cuts frames out of a stream. Where a frame turns out damaged, another one may begin inside it: noise that looks
    like the beginning of a frame, or a damaged length, does not take the next frame with it."""

    def __init__(self) -> None:
        self._raw = bytearray()  # from a 7F on, still stuffed
        self.damaged = 0  # frames dropped for their length or CRC, since `reset`
        self.skipped = 0  # bytes dropped, since `reset`

    @property
    def pending(self) -> int:
        """How many bytes are kept; never more than one frame has."""
        return len(self._raw)

    def reset(self) -> None:
        self._raw.clear()
        self.damaged = self.skipped = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`, in order."""
        frames = []
        for start in range(0, len(data), MAX_RAW):
            self._raw += data[start : start + MAX_RAW]
            while (frame := self._next()) is not None:
                frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        while True:
            start = self._raw.find(STX)
            self._skip(len(self._raw) if start < 0 else start)
            taken, body = self._unstuff()
            if body is None:
                return None  # the rest is to come
            if taken and crc(body[:-2]) == body[-2:]:
                del self._raw[:taken]
                return Frame(body[0] & 0x7F, bool(body[0] & 0x80), body[2:-2])
            self.damaged += len(body) > 0
            self._skip(1)

    def _unstuff(self) -> tuple[int, bytes | None]:
        """How many bytes a frame takes at the beginning of what is kept, and what is in it: from the sequence byte to
        the CRC. No bytes at all where no frame can begin; None while it is not complete."""
        raw, body, at = self._raw, bytearray(), 1
        while at < len(raw):
            if raw[at] == STX:
                if not body:
                    return 0, b""  # no sequence byte is 7F
                if at + 1 == len(raw):
                    break
                if raw[at + 1] != STX:
                    return 0, bytes(body)  # the beginning of another frame
                at += 1
            body.append(raw[at])
            at += 1
            if body[0] & 0x7F > MAX_ADDRESS or body[1:2] == b"\0":
                return 0, b""
            if len(body) >= 2 and len(body) == body[1] + _AROUND_DATA:
                return at, bytes(body)
        return 0, None

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._raw[:count]
