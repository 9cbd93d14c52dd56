"""Messages on a serial line, PA00P016: `10 02` message with each 10 doubled, `10 03`, CRC low, CRC high.

The CRC (CRC-16/KERMIT) is over the message before doubling and the 03. The receiver answers with one byte: ACK or NAK.
No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from fastcrc import crc16

from drivers.card_terminal.zvt_apdu import MAX_APDU, Received, apdu_size, read_apdu
from drivers.card_terminal.zvt_bitmaps import wipe

DLE, STX, ETX = 0x10, 0x02, 0x03
ACK, NAK = b"\x06", b"\x15"


class Signal(Enum):
    """What can come besides messages."""

    ACK = auto()
    NAK = auto()
    DAMAGED = auto()  # a frame whose checksum or length is wrong: to be answered with NAK


@dataclass(frozen=True)
class Framed:
    """A sound frame. One sent again has the same `crc`."""

    received: Received
    crc: int


def checksum(message: bytes | bytearray) -> int:
    return int(crc16.kermit(bytes([ETX]), crc16.kermit(message)))


def serial_frame(message: bytes) -> bytes:
    """`message` as it goes over the line."""
    body = message.replace(b"\x10", b"\x10\x10")
    return b"\x10\x02" + body + b"\x10\x03" + checksum(message).to_bytes(2, "little")


class _State(Enum):
    HUNT = auto()
    HUNT_DLE = auto()
    FRAME = auto()
    FRAME_DLE = auto()
    CRC_LOW = auto()
    CRC_HIGH = auto()


class SerialParser:
    """Takes frames and single bytes apart: any split, noise between frames, a frame cut off by the next one."""

    def __init__(self, encoding: str = "ascii") -> None:
        self._encoding = encoding
        self._state = _State.HUNT
        self._message = bytearray()
        self._crc_low = 0

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._message)

    def reset(self) -> None:
        self._clear()
        self._state = _State.HUNT

    def feed(self, data: bytes) -> list[Framed | Signal]:
        """What `data` completes, in order."""
        found: list[Framed | Signal] = []
        for byte in data:
            if (event := self._take(byte)) is not None:
                found.append(event)
        return found

    def _take(self, byte: int) -> Framed | Signal | None:
        match self._state:
            case _State.HUNT:
                if byte == DLE:
                    self._state = _State.HUNT_DLE
                return {ACK[0]: Signal.ACK, NAK[0]: Signal.NAK}.get(byte)
            case _State.HUNT_DLE:
                self._state = {STX: _State.FRAME, DLE: _State.HUNT_DLE}.get(byte, _State.HUNT)
            case _State.FRAME:
                if byte == DLE:
                    self._state = _State.FRAME_DLE
                else:
                    return self._append(byte)
            case _State.FRAME_DLE:
                return self._after_dle(byte)
            case _State.CRC_LOW:
                self._crc_low = byte
                self._state = _State.CRC_HIGH
            case _State.CRC_HIGH:
                return self._end(byte << 8 | self._crc_low)
        return None

    def _append(self, byte: int) -> Signal | None:
        if len(self._message) >= MAX_APDU:
            self.reset()
            return Signal.DAMAGED
        self._message.append(byte)
        return None

    def _after_dle(self, byte: int) -> Signal | None:
        if byte == DLE:
            self._state = _State.FRAME
            return self._append(byte)
        if byte == ETX:
            self._state = _State.CRC_LOW
            return None
        self._clear()
        if byte == STX:  # the sender began anew
            self._state = _State.FRAME
            return None
        self._state = _State.HUNT
        return Signal.DAMAGED

    def _end(self, crc: int) -> Framed | Signal:
        self._state = _State.HUNT
        message, self._message = self._message, bytearray()
        if crc != checksum(message) or apdu_size(message) != len(message):
            wipe(message, 0, len(message))
            return Signal.DAMAGED
        return Framed(read_apdu(message, self._encoding), crc)

    def _clear(self) -> None:
        wipe(self._message, 0, len(self._message))
        self._message.clear()
