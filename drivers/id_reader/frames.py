"""Frames between host and security module (SAM), GA/T 467-2019 chapter 7, in the notation of its vendors ("SDT").

    AA AA AA 96 69 | Len (2, big-endian: all that follows) | CMD PARA data… or SW1 SW2 SW3 data… | CHK

CHK is the exclusive or of everything from the first Len byte to the last data byte. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

PREAMBLE = bytes.fromhex("AAAAAA9669")
TEXT_BYTES = 256
MAX_LENGTH = 2314  # Len of the longest reply there is: text, photo and 1,024 bytes of fingerprints
MIN_REPLY_LENGTH = 4  # three status words and the checksum


class Command(Enum):
    """CMD and PARA."""

    RESET_SAM = b"\x10\xff"
    SAM_STATUS = b"\x11\xff"
    READ_SAM_ID = b"\x12\xff"
    FIND_CARD = b"\x20\x01"
    SELECT_CARD = b"\x20\x02"
    READ_CARD = b"\x30\x01"  # text and photo
    READ_CARD_WITH_FINGERPRINT = b"\x30\x10"
    READ_NEW_ADDRESS = b"\x30\x03"  # the newest one appended to the card; after a reading, of the same selection
    SET_UART_115200 = b"\x60\x00"
    SET_UART_57600 = b"\x60\x01"
    SET_UART_38400 = b"\x60\x02"
    SET_UART_19200 = b"\x60\x03"
    SET_UART_9600 = b"\x60\x04"
    SET_RF_FRAME = b"\x61\xff"  # one data byte: the most bytes of a frame between SAM and card


SET_UART = {
    115200: Command.SET_UART_115200,
    57600: Command.SET_UART_57600,
    38400: Command.SET_UART_38400,
    19200: Command.SET_UART_19200,
    9600: Command.SET_UART_9600,
}  # by baud: the speeds there are, fastest first


class Sw3(IntEnum):
    """The reader's own status word. SW1 and SW2 only relay the card's."""

    SUCCESS = 0x90
    CARD_FOUND = 0x9F
    CHECKSUM_ERROR = 0x10  # in the request, as are the next four
    LENGTH_ERROR = 0x11
    COMMAND_ERROR = 0x21  # unknown, or out of order
    NOT_PERMITTED = 0x23
    UNRECOGNISABLE = 0x24
    CARD_REFUSED_READER = 0x31
    READER_REFUSED_CARD = 0x32
    VERIFICATION_ERROR = 0x33
    FINGERPRINT_ERROR = 0x37
    INFORMATION_LENGTH_ERROR = 0x3F
    UNKNOWN_CARD_TYPE = 0x40
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    SELF_TEST_FAILED = 0x60  # the SAM takes no command
    NOT_AUTHORISED = 0x66  # the SAM may not work
    FIND_FAILED = 0x80  # no card, or the card already read still lies there
    SELECT_FAILED = 0x81
    NO_SUCH_ITEM = 0x91


def checksum(body: bytes | bytearray) -> int:
    """The exclusive or of all bytes, folded in halves: a hundred times faster than byte by byte, which matters when
    rubbish looks like many frames."""
    value = int.from_bytes(body, "big")
    bits = 8 << max(0, len(body) - 1).bit_length()
    while bits > 8:
        bits //= 2
        value = (value >> bits) ^ (value & ((1 << bits) - 1))
    return value


def _frame(payload: bytes) -> bytes:
    body = (len(payload) + 1).to_bytes(2, "big") + payload
    return PREAMBLE + body + bytes([checksum(body)])


@dataclass(frozen=True)
class Request:
    command: Command
    data: bytes = b""

    def to_bytes(self) -> bytes:
        return _frame(self.command.value + self.data)


@dataclass(frozen=True, repr=False)
class Reply:
    """`status` is SW3 as sent, which may be a code nobody has documented. `data` may be a person's."""

    sw1: int
    sw2: int
    status: int
    data: bytes = b""

    def __repr__(self) -> str:
        return f"Reply(status=0x{self.status:02X}, {len(self.data)} bytes)"

    @property
    def head(self) -> bytes:
        """The frame up to its data, which tells nothing of a person."""
        return (
            PREAMBLE + (len(self.data) + MIN_REPLY_LENGTH).to_bytes(2, "big") + bytes([self.sw1, self.sw2, self.status])
        )

    def to_bytes(self) -> bytes:
        return _frame(bytes([self.sw1, self.sw2, self.status]) + self.data)

    @classmethod
    def from_payload(cls, payload: bytes) -> Reply:
        """From the bytes between Len and CHK; at least the three status words."""
        return cls(payload[0], payload[1], payload[2], bytes(payload[3:]))


class ReplyParser:
    """Cuts replies out of a stream: any split, noise between frames, more than three AA, damaged frames."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.damaged = 0  # frames dropped for their length or checksum, since `reset`

    @property
    def pending(self) -> int:
        """Bytes kept of a frame that is not complete: never more than the longest frame has."""
        return len(self._pending)

    def reset(self) -> None:
        self._drop(len(self._pending))
        self.damaged = 0

    def feed(self, data: bytes) -> list[Reply]:
        """The replies completed by `data`, in order."""
        self._pending += data
        replies = []
        while (payload := self._next()) is not None:
            replies.append(Reply.from_payload(payload))
        return replies

    def _next(self) -> bytes | None:
        while True:
            start = self._pending.find(PREAMBLE)
            if start < 0:
                # its first bytes may be the last ones that came
                self._drop(max(0, len(self._pending) - (len(PREAMBLE) - 1)))
                return None
            self._drop(start)
            at = len(PREAMBLE)
            if len(self._pending) < at + 2:
                return None
            length = int.from_bytes(self._pending[at : at + 2], "big")
            if MIN_REPLY_LENGTH <= length <= MAX_LENGTH:
                end = at + 2 + length
                if len(self._pending) < end:
                    return None
                if checksum(self._pending[at : end - 1]) == self._pending[end - 1]:
                    payload = bytes(self._pending[at + 2 : end - 1])
                    self._drop(end)
                    return payload
            # Not a frame. A sound one may begin inside it (a damaged length swallows its neighbours).
            self.damaged += 1
            self._drop(1)

    def _drop(self, count: int) -> None:
        self._pending[:count] = bytes(count)  # a person's data is overwritten, not only released
        del self._pending[:count]


def sam_number(data: bytes) -> str:
    """The SAM's number as printed on it, such as "05.01-20110511-0001234567-0000000089", from its 16 bytes."""
    if len(data) != 16:
        raise ValueError("a SAM number has 16 bytes")
    kind, version = (int.from_bytes(data[i : i + 2], "little") for i in (0, 2))
    date, serial, extra = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8, 12))
    return f"{kind:02d}.{version:02d}-{date:08d}-{serial:010d}-{extra:010d}"


@dataclass(frozen=True, repr=False)
class CardContent:
    """Data of a successful 30 01 or 30 10, and of the 30 03 behind it."""

    text: bytes
    photo: bytes
    fingerprint: bytes = b""  # two feature blocks of 512 bytes, one, or none; only with 30 10
    new_address: bytes = b""  # UTF-16LE; b"" when the card has none or nobody asked

    def __repr__(self) -> str:
        return "CardContent(…)"

    @classmethod
    def from_bytes(cls, data: bytes, *, with_fingerprint: bool = False) -> CardContent | None:
        """Big-endian lengths of two bytes each, then text, photo and, with 30 10, fingerprints; None when they do not
        add up."""
        items = 3 if with_fingerprint else 2
        lengths = [int.from_bytes(data[2 * i : 2 * i + 2], "big") for i in range(items)]
        if len(data) != 2 * items + sum(lengths) or lengths[0] != TEXT_BYTES:
            return None
        parts, at = [], 2 * items
        for length in lengths:
            parts.append(data[at : at + length])
            at += length
        return cls(*parts)
