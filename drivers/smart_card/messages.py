"""What driver and PC/SC worker say to each other: one JSON object in a line each, questions numbered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import IntEnum, IntFlag, StrEnum
from typing import Any, Self

MOST_LINE = 32 * 1024  # bytes; 16 readers of 128 characters each fit well


class Do(StrEnum):
    """The calls of PC/SC that the worker makes for the driver."""

    READERS = "readers"  # SCardListReaders
    WATCH = "watch"  # SCardGetStatusChange
    CONNECT = "connect"  # SCardConnect
    TRANSMIT = "transmit"  # SCardTransmit
    DISCONNECT = "disconnect"  # SCardDisconnect


class ReaderState(IntFlag):
    """SCARD_STATE_… of SCardGetStatusChange; the upper half counts events."""

    CHANGED = 0x0002
    UNKNOWN = 0x0004
    UNAVAILABLE = 0x0008
    EMPTY = 0x0010
    PRESENT = 0x0020
    EXCLUSIVE = 0x0080
    INUSE = 0x0100
    MUTE = 0x0200


class Code(IntEnum):
    """Results of PC/SC calls, by the standard's names."""

    SUCCESS = 0
    INVALID_HANDLE = 0x80100003
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    UNKNOWN_READER = 0x80100009
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS_AVAILABLE = 0x8010002E
    SERVER_TOO_BUSY = 0x80100031
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A
    TOO_LONG = 0x1  # the worker's own: an answer longer than a short response

    @classmethod
    def text(cls, code: int) -> str:
        """For the technician: `SCARD NO_SERVICE (8010001D)`."""
        name = cls(code).name if code in set(cls) else "error"
        return f"SCARD {name} ({code:08X})"


class MessageError(ValueError):
    """A line is no message. Carries nothing of it."""


@dataclass(frozen=True, repr=False)
class Question:
    """`known`: the state that `WATCH` waits to change from, 0 to get it at once."""

    number: int
    do: Do
    reader: str = ""
    known: int = 0
    wait_ms: int = 0
    apdu: str = ""  # hexadecimal

    def to_bytes(self) -> bytes:
        return _line(asdict(self))

    @classmethod
    def from_bytes(cls, line: bytes) -> Self:
        """Raises MessageError."""
        fields = _object(line)
        try:
            return cls(**(fields | {"do": Do(fields["do"])}))
        except (KeyError, TypeError, ValueError):
            raise MessageError("no question") from None


@dataclass(frozen=True, repr=False)
class Answer:
    """`code` is what PC/SC returned; the other fields are what the question asked for."""

    number: int
    code: int = 0
    readers: tuple[str, ...] = ()
    state: int = 0
    protocol: int = 0
    atr: str = ""  # hexadecimal
    apdu: str = ""

    def __repr__(self) -> str:
        return f"Answer({self.number}, {Code.text(self.code)})"

    def to_bytes(self) -> bytes:
        return _line(asdict(self))

    @classmethod
    def from_bytes(cls, line: bytes) -> Self:
        """Raises MessageError, also for values of another type."""
        fields = _object(line)
        numbers = ("number", "code", "state", "protocol")
        names = fields.get("readers", [])
        if (
            "number" not in fields
            or not fields.keys() <= cls.__dataclass_fields__.keys()
            or any(type(fields.get(name, 0)) is not int for name in numbers)
            or not isinstance(names, list)
            or not all(isinstance(name, str) for name in names)
        ):
            raise MessageError("no answer")
        for name in ("atr", "apdu"):
            try:
                bytes.fromhex(fields.get(name, ""))
            except (TypeError, ValueError):
                raise MessageError("no hexadecimal digits") from None
        return cls(**(fields | {"readers": tuple(names)}))


class AnswerParser:
    """Answers out of a stream of bytes; `damaged` counts lines that are none. Holds at most one line."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._skipping = False  # a line too long to be one
        self.damaged = 0

    @property
    def buffered(self) -> int:
        return len(self._pending)

    def feed(self, data: bytes) -> list[Answer]:
        answers: list[Answer] = []
        self._pending += data
        while (end := self._pending.find(b"\n")) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            if self._skipping:
                self._skipping = False
                continue
            try:
                answers.append(Answer.from_bytes(line))
            except MessageError:
                self.damaged += 1
        if len(self._pending) > MOST_LINE:
            self._pending.clear()
            self.damaged += not self._skipping
            self._skipping = True
        return answers


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise MessageError("no JSON") from None
    if not isinstance(fields, dict):
        raise MessageError("no object")
    return fields
