"""The bytes of ICT104 (ICT104U V0.2, V0.3 and their like): single ones, without length and checksum. No I/O here.

Any byte may be noise, and the noise may be the byte for "counted". So nothing here has a meaning of its own: `Parser`
only puts the two-byte messages together, and the driver asks of each whether it can be true just now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Order(IntEnum):
    """To the unit. The code for holding a note in escrow varies by version: it is a setting."""

    ACCEPT = 0x02  # also the answer to a power-up
    POLL = 0x0C
    REJECT = 0x0F
    RESET = 0x30
    ENABLE = 0x3E
    DISABLE = 0x5E


class Code(IntEnum):
    """From the unit: a result, or what a poll is answered with."""

    STACKED = 0x10
    REJECTED = 0x11
    MOTOR_FAILURE = 0x20
    CHECKSUM_ERROR = 0x21  # of the unit's own memory
    BILL_JAM = 0x22
    BILL_REMOVED = 0x23
    STACKER_OPEN = 0x24
    SENSOR_PROBLEM = 0x25
    BILL_FISHED = 0x27
    STACKER_PROBLEM = 0x28
    BILL_REJECTED = 0x29
    INVALID_COMMAND = 0x2A
    EXCEPTION_OVER = 0x2F
    ENABLED = 0x3E
    DISABLED = 0x5E
    BUSY = 0x71


@dataclass(frozen=True)
class PowerUp:
    """80 8F: the unit started and waits 2 s for ACCEPT."""


@dataclass(frozen=True)
class Escrow:
    """81 and 40 to 44: a note waits. `bill_type` from 1."""

    bill_type: int


Message = PowerUp | Escrow | Code

_POWER_UP, _POWER_UP_SECOND = 0x80, 0x8F
_VALIDATED = 0x81
_FIRST_TYPE, BILL_TYPES = 0x40, 5


class Parser:
    """Keeps at most the first byte of a pair. `forget` it when the second is not there within a moment: a stray 81 and,
    hours later, a stray 40 are no note."""

    def __init__(self) -> None:
        self._first: int | None = None
        self.strange = 0  # bytes that mean nothing

    @property
    def waiting(self) -> bool:
        """The first byte of a pair is there."""
        return self._first is not None

    def forget(self) -> None:
        if self._first is not None:
            self.strange += 1
        self._first = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by `data`, in order."""
        messages = []
        for byte in data:
            if (message := self._take(byte)) is not None:
                messages.append(message)
        return messages

    def _take(self, byte: int) -> Message | None:
        first, self._first = self._first, None
        if first == _POWER_UP and byte == _POWER_UP_SECOND:
            return PowerUp()
        if first == _VALIDATED and _FIRST_TYPE <= byte < _FIRST_TYPE + BILL_TYPES:
            return Escrow(byte - _FIRST_TYPE + 1)
        if first is not None:
            self.strange += 1
        if byte in (_POWER_UP, _VALIDATED):
            self._first = byte
            return None
        try:
            return Code(byte)
        except ValueError:
            self.strange += 1
            return None
