"""The frames of ITL SSP as the simulated validator reads and writes them, with its own checksum."""

from __future__ import annotations


def checksum(body: bytes) -> bytes:
    value = 0xFFFF
    for byte in body:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x8005 if value & 0x8000 else value << 1) & 0xFFFF
    return bytes([value & 0xFF, value >> 8])


def frame(sequence: int, data: bytes) -> bytes:
    body = bytes([sequence, len(data)]) + data
    sent = bytearray(b"\x7f")
    for byte in body + checksum(body):
        sent.append(byte)
        if byte == 0x7F:
            sent.append(byte)
    return bytes(sent)


class CommandReader:
    """What the host sent, frame by frame."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> None:
        self._pending += data

    def forget(self) -> None:
        self._pending.clear()

    def next(self) -> tuple[int, bytes] | None:
        """Sequence byte and data of the next sound frame."""
        while (start := self._pending.find(0x7F)) >= 0:
            body, at = bytearray(), start + 1
            while not (len(body) >= 2 and len(body) == body[1] + 4):
                stuffed = self._pending[at : at + 2]
                if not stuffed or stuffed == b"\x7f":
                    return None  # the rest is to come
                if stuffed[0] == 0x7F and stuffed[1] != 0x7F:
                    break  # another frame begins in this one
                body.append(stuffed[0])
                at += 2 if stuffed[0] == 0x7F else 1
            del self._pending[:at]
            if len(body) >= 5 and checksum(bytes(body[:-2])) == bytes(body[-2:]):
                return body[0], bytes(body[2:-2])
        self._pending.clear()
        return None
