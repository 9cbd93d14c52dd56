"""What an ESC/POS printer says back: DLE EOT replies, automatic status (GS a), process ids, counters, names. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

PROCESS_ID_HEADER = b"\x37\x22"
BLOCK_HEADER = 0x5F  # "_", before a text that a NUL ends: counters and printer ids
MAX_BLOCK = 80  # characters of one; printers stay below
XON, XOFF = 0x11, 0x13


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


def is_buffered(byte: int) -> bool:
    """The paper bits of GS r: near-end and end, two bits each."""
    return byte in (0x00, 0x03, 0x0C, 0x0F)


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


def automatic_status_request(bits: int) -> bytes:
    """GS a: send four bytes now and at each change of what `bits` name: 1 drawer, 2 on/offline, 4 error, 8 paper."""
    return bytes((0x1D, 0x61, bits))


BUFFERED_STATUS = b"\x1d\x72\x01"  # GS r 1: the paper sensors, once everything before it is done


class PrinterId(IntEnum):
    """n of GS I for the ids that come as text."""

    FIRMWARE = 65
    MAKER = 66
    MODEL = 67
    SERIAL = 68


def identity_request(which: PrinterId) -> bytes:
    """GS I: transmit a printer id."""
    return bytes((0x1D, 0x49, which))


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
class Block:
    """A text between header and NUL: the answer to GS g 2 or GS I; which one only the asker knows."""

    text: str

    @property
    def number(self) -> int | None:
        """The value of a counter; None if this is no number."""
        return int(self.text) if self.text.isdigit() else None


@dataclass(frozen=True)
class FlowControl:
    """XON or XOFF: whether the printer takes more."""

    may_send: bool


@dataclass(frozen=True)
class BufferedReply:
    """The answer to GS r 1; a stray byte may look like it."""

    byte: int


Reply = RealTimeReply | AutomaticStatus | ProcessDone | Block | FlowControl | BufferedReply


class Demultiplexer:
    """Tells apart what arrives mixed on one line. Bytes that belong to nothing are dropped; at most one unfinished
    block is kept."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def pending(self) -> int:
        """Bytes of an unfinished reply."""
        return len(self._pending)

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies complete by now."""
        for start in range(0, len(data), MAX_BLOCK):
            self._pending += data[start : start + MAX_BLOCK]
            yield from self._complete()

    def _complete(self) -> Iterator[Reply]:
        while self._pending:
            length = _length(self._pending)
            if length is None:
                return
            if length == 0:
                del self._pending[0]  # noise
                continue
            reply = _reply(bytes(self._pending[:length]))
            del self._pending[:length]
            yield reply


def _length(pending: bytearray) -> int | None:
    """Of the reply `pending` begins with; 0 if none begins so, None if that cannot be known yet."""
    first = pending[0]
    if is_real_time(first) or is_buffered(first) or first in (XON, XOFF):
        return 1
    if first & 0x93 == 0x10:
        if any(byte & 0x90 for byte in pending[1:3]):
            return 0
        return 4 if len(pending) >= 4 else None
    if first == PROCESS_ID_HEADER[0]:
        return _process_id_length(pending)
    if first == BLOCK_HEADER:
        end = pending.find(0)
        text = pending[1:end] if end > 0 else pending[1:]
        if len(text) > MAX_BLOCK or not all(0x20 <= byte <= 0x7E for byte in text) or end == 1:
            return 0
        return end + 1 if end > 0 else None
    return 0


def _process_id_length(pending: bytearray) -> int | None:
    have = pending[:7]
    ours = have[1:2] in (b"", PROCESS_ID_HEADER[1:]) and all(0x20 <= byte <= 0x7E for byte in have[2:6])
    if not ours or (len(have) == 7 and have[6] != 0):
        return 0
    return 7 if len(have) == 7 else None


def _reply(frame: bytes) -> Reply:
    first = frame[0]
    if first in (XON, XOFF):
        return FlowControl(first == XON)
    if is_real_time(first):
        return RealTimeReply(first)
    if is_buffered(first):
        return BufferedReply(first)
    if first == BLOCK_HEADER:
        return Block(frame[1:-1].decode("ascii"))
    if first == PROCESS_ID_HEADER[0]:
        return ProcessDone(frame[2:6])
    return AutomaticStatus(parse_asb(frame) or frozenset())


CLEAR_BUFFER = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 function 8, with its fixed parameters
