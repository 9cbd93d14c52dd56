"""What an ESC/POS printer says back: DLE EOT replies, automatic status (GS a), process ids, counters. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PROCESS_ID_HEADER = b"\x37\x22"
COUNTER_HEADER = 0x5F
MAX_COUNTER_DIGITS = 16


class Flag(StrEnum):
    OFFLINE = "offline"
    FEED_BUTTON = "feed-button"
    COVER_OPEN = "cover-open"
    STOPPED_PAPER_END = "stopped-paper-end"
    ERROR = "error"
    RECOVERABLE_ERROR = "recoverable-error"
    CUTTER_ERROR = "cutter-error"
    UNRECOVERABLE_ERROR = "unrecoverable-error"
    OVERHEATED = "overheated"
    PAPER_NEAR_END = "paper-near-end"
    PAPER_END = "paper-end"


# DLE EOT n: bit masks of the reply (TM series technical manuals; clones agree). Waiting for recovery and the drawer
# pin mean nothing here.
_REAL_TIME_BITS: dict[int, tuple[tuple[int, Flag], ...]] = {
    1: ((0x08, Flag.OFFLINE),),
    2: (
        (0x04, Flag.COVER_OPEN),
        (0x08, Flag.FEED_BUTTON),
        (0x20, Flag.STOPPED_PAPER_END),
        (0x40, Flag.ERROR),
    ),
    3: (
        (0x04, Flag.RECOVERABLE_ERROR),
        (0x08, Flag.CUTTER_ERROR),
        (0x20, Flag.UNRECOVERABLE_ERROR),
        (0x40, Flag.OVERHEATED),
    ),
    4: ((0x0C, Flag.PAPER_NEAR_END), (0x60, Flag.PAPER_END)),
}

# Automatic status: the bits of its first three bytes.
_ASB_BITS: tuple[tuple[tuple[int, Flag], ...], ...] = (
    ((0x08, Flag.OFFLINE), (0x20, Flag.COVER_OPEN), (0x40, Flag.FEED_BUTTON)),
    (
        (0x04, Flag.RECOVERABLE_ERROR),
        (0x08, Flag.CUTTER_ERROR),
        (0x20, Flag.UNRECOVERABLE_ERROR),
        (0x40, Flag.OVERHEATED),
    ),
    ((0x03, Flag.PAPER_NEAR_END), (0x0C, Flag.PAPER_END)),
)


def status_request(n: int) -> bytes:
    """DLE EOT n, n = 1 (printer), 2 (offline cause), 3 (error cause), 4 (roll paper)."""
    return bytes((0x10, 0x04, n))


def parse_real_time(n: int, reply: int) -> frozenset[Flag] | None:
    """The flags of the one-byte reply to DLE EOT n; None if the byte is no such reply."""
    if not is_real_time(reply):
        return None
    return _flags(_REAL_TIME_BITS[n], reply)


def is_real_time(byte: int) -> bool:
    """Bits 0 and 7 clear, 1 and 4 set."""
    return byte & 0x93 == 0x12


def parse_asb(frame: bytes) -> frozenset[Flag] | None:
    """The flags of a four-byte automatic status; None if it is none. The fourth byte is reserved."""
    if len(frame) != 4 or frame[0] & 0x93 != 0x10 or frame[1] & 0x90 or frame[2] & 0x90:
        return None
    return frozenset().union(*(_flags(bits, byte) for bits, byte in zip(_ASB_BITS, frame, strict=False)))


def _flags(bits: tuple[tuple[int, Flag], ...], byte: int) -> frozenset[Flag]:
    # Near-end and end are two bits each; a half-set pair is taken as set: unknown is never OK.
    return frozenset(flag for mask, flag in bits if byte & mask)


def process_id_request(identifier: bytes) -> bytes:
    """GS ( H function 48: the printer answers with the four bytes once everything before is done."""
    if len(identifier) != 4 or not all(0x20 <= b <= 0x7E for b in identifier):
        raise ValueError("a process id is four printable ASCII characters")
    return b"\x1d\x28\x48\x06\x00\x30\x30" + identifier


def counter_request(counter: int) -> bytes:
    """GS g 2: transmit a maintenance counter."""
    return b"\x1d\x67\x32\x00" + counter.to_bytes(2, "little")


@dataclass(frozen=True)
class RealTimeReply:
    """The reply to the last DLE EOT; which one that was only the asker knows."""

    byte: int


@dataclass(frozen=True)
class AutomaticStatus:
    flags: frozenset[Flag]


@dataclass(frozen=True)
class ProcessDone:
    identifier: bytes


@dataclass(frozen=True)
class Counter:
    value: int


Reply = RealTimeReply | AutomaticStatus | ProcessDone | Counter


class Demultiplexer:
    """Tells apart what arrives mixed on one line. Bytes that belong to nothing are dropped."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies complete by now."""
        self._pending += data
        while self._pending:
            first = self._pending[0]
            if first & 0x93 == 0x10:
                if len(self._pending) < 4 and not any(b & 0x90 for b in self._pending[1:3]):
                    return
                flags = parse_asb(bytes(self._pending[:4]))
                if flags is None:
                    del self._pending[0]
                    continue
                del self._pending[:4]
                yield AutomaticStatus(flags)
            elif is_real_time(first):
                del self._pending[0]
                yield RealTimeReply(first)
            elif first == PROCESS_ID_HEADER[0]:
                if not self._may_be_process_id():
                    del self._pending[0]
                    continue
                if len(self._pending) < 7:
                    return
                identifier = bytes(self._pending[2:6])
                del self._pending[:7]
                yield ProcessDone(identifier)
            elif first == COUNTER_HEADER:
                end = self._pending.find(0)
                digits = bytes(self._pending[1:end] if end > 0 else self._pending[1:])
                if len(digits) > MAX_COUNTER_DIGITS or (digits and not digits.isdigit()) or (end > 0 and not digits):
                    del self._pending[0]
                    continue
                if end < 0:
                    return
                del self._pending[: end + 1]
                yield Counter(int(digits))
            else:
                del self._pending[0]  # XON, XOFF, noise

    def _may_be_process_id(self) -> bool:
        have = self._pending[:7]
        return have[1:2] in (b"", PROCESS_ID_HEADER[1:]) and (len(have) < 7 or have[6] == 0)


CLEAR_BUFFER = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 function 8, with its fixed parameters
