"""Command and response units of ISO 7816-4, as short ones: no card here has answers longer than 256 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

MOST_DATA = 256  # bytes of data in one response; the status word comes behind them


class Ins(IntEnum):
    """INS bytes, ISO 7816-4 clause 5.4.2."""

    SELECT = 0xA4
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0


class Sw(IntEnum):
    """Status words, ISO 7816-4 table 6."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    SECURITY_STATUS = 0x6982  # here: the file wants a PSAM or a PIN
    AUTHENTICATION_BLOCKED = 0x6983
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    WRONG_P1_P2 = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    OFFSET_OUTSIDE = 0x6B00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00


class ApduError(ValueError):
    """These bytes are no response unit. Carries none of them."""


@dataclass(frozen=True)
class Command:
    """`le` is the number of bytes expected, 256 for "as many as there are", None for none."""

    ins: Ins
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if len(self.data) > 255 or not 0 <= self.p1 <= 255 or not 0 <= self.p2 <= 255:
            raise ValueError("a short command has at most 255 bytes of data, and parameters of one byte")
        if self.le is not None and not 1 <= self.le <= MOST_DATA:
            raise ValueError("a short command expects 1 to 256 bytes")

    @property
    def label(self) -> str:
        """For traces: `READ RECORD 08`."""
        name = self.ins.name.replace("_", " ")
        return f"{name} {self.p1:02X}" if self.ins is Ins.READ_RECORD else name

    def to_bytes(self) -> bytes:
        body = bytes([len(self.data)]) + self.data if self.data else b""
        return bytes([0, self.ins, self.p1, self.p2]) + body + (b"" if self.le is None else bytes([self.le & 0xFF]))


@dataclass(frozen=True, repr=False)
class Response:
    """`data` may be personal; the status word is not."""

    data: bytes
    sw: int

    def __repr__(self) -> str:
        return f"Response({len(self.data)} bytes, {self.sw:04X})"

    @property
    def sw1(self) -> int:
        return self.sw >> 8

    @property
    def sw2(self) -> int:
        return self.sw & 0xFF

    @property
    def fine(self) -> bool:
        """9000, or a warning without consequence for who only reads (62xx except that the file is shut, 63xx)."""
        return self.sw == Sw.OK or (self.sw1 in (0x62, 0x63) and self.sw not in (0x6283, 0x6285))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises ApduError for less than a status word, more than a short response, or SW1 other than 6x and 9x."""
        if not 2 <= len(raw) <= MOST_DATA + 2:
            raise ApduError(f"a response of {len(raw)} bytes")
        if raw[-2] >> 4 not in (6, 9) or raw[-2] == 0x60:
            raise ApduError("no status word at the end of the response")
        return cls(bytes(raw[:-2]), raw[-2] << 8 | raw[-1])


def select_by_name(name: bytes) -> Command:
    """An application or environment by its DF name."""
    return Command(Ins.SELECT, 0x04, 0x00, name)


def select_file(file_id: int) -> Command:
    """An elementary file under the current directory."""
    return Command(Ins.SELECT, 0x02, 0x00, file_id.to_bytes(2, "big"))


def read_by_identifier(identifier: int, le: int) -> Command:
    """The first record that begins with this identifier."""
    return Command(Ins.READ_RECORD, identifier, 0x00, le=le)


def read_by_number(number: int) -> Command:
    """The `number`th record, from 1."""
    return Command(Ins.READ_RECORD, number, 0x04, le=MOST_DATA)


def get_response(le: int) -> Command:
    """What the card holds ready after 61xx; `le` 0 means 256."""
    return Command(Ins.GET_RESPONSE, 0x00, 0x00, le=le or MOST_DATA)
