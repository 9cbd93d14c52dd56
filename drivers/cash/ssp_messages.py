"""What SSP frames say to and from a banknote validator: commands, replies, events of a poll, the unit's set-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Command(IntEnum):
    RESET = 0x01
    SET_INHIBITS = 0x02  # two bytes, low first; bit set: the channel is accepted
    SETUP_REQUEST = 0x05
    HOST_PROTOCOL_VERSION = 0x06
    POLL = 0x07
    REJECT = 0x08
    DISABLE = 0x09
    ENABLE = 0x0A
    SERIAL_NUMBER = 0x0C
    SYNC = 0x11
    LAST_REJECT_CODE = 0x17
    HOLD = 0x18


class Generic(IntEnum):
    """The first byte of every reply."""

    OK = 0xF0
    UNKNOWN_COMMAND = 0xF2
    WRONG_PARAMETERS = 0xF3
    OUT_OF_RANGE = 0xF4
    CANNOT_PROCESS = 0xF5
    SOFTWARE_ERROR = 0xF6
    CHECKSUM_ERROR = 0xF7
    FAIL = 0xF8
    HEADER_FAIL = 0xF9
    KEY_NOT_SET = 0xFA


NOT_UNDERSTOOD = frozenset({Generic.CHECKSUM_ERROR, Generic.HEADER_FAIL})  # our frame arrived damaged


class Event(IntEnum):
    """What an acceptor says in a poll."""

    RESET = 0xF1  # power-up
    READ = 0xEF  # + channel: 0 while it is being looked at, else a note in escrow
    CREDIT = 0xEE  # + channel
    FRAUD = 0xE6  # + channel
    CLEARED_TO_FRONT = 0xE1  # + channel, at power-up
    CLEARED_TO_CASHBOX = 0xE2  # + channel, at power-up
    STACKING = 0xCC
    STACKED = 0xEB
    REJECTING = 0xED
    REJECTED = 0xEC
    UNSAFE_JAM = 0xE9  # the note can be got at from outside
    SAFE_JAM = 0xEA
    DISABLED = 0xE8
    STACKER_FULL = 0xE7
    CASHBOX_REMOVED = 0xE3
    CASHBOX_REPLACED = 0xE4
    BAR_CODE_VALIDATED = 0xE5
    BAR_CODE_ACKNOWLEDGED = 0xD1
    NOTE_PATH_OPEN = 0xE0
    CHANNELS_INHIBITED = 0xB5


_WITH_CHANNEL = frozenset(
    {Event.READ, Event.CREDIT, Event.FRAUD, Event.CLEARED_TO_FRONT, Event.CLEARED_TO_CASHBOX},
)


@dataclass(frozen=True)
class PollEvent:
    event: Event
    channel: int = 0


@dataclass(frozen=True)
class PollReply:
    """`stopped_at`: an event no acceptor has (those of a payout carry amounts whose length the protocol's version
    decides), or one without its channel; what stands behind it cannot be understood."""

    events: tuple[PollEvent, ...]
    stopped_at: int | None = None

    @classmethod
    def from_data(cls, data: bytes) -> PollReply:
        """From what follows F0."""
        events: list[PollEvent] = []
        at = 0
        while at < len(data):
            try:
                event = Event(data[at])
            except ValueError:
                return cls(tuple(events), data[at])
            if event in _WITH_CHANNEL:
                if at + 1 == len(data):
                    return cls(tuple(events), data[at])
                events.append(PollEvent(event, data[at + 1]))
                at += 2
            else:
                events.append(PollEvent(event))
                at += 1
        return cls(tuple(events))


@dataclass(frozen=True)
class Channel:
    """`value` in the currency's smallest unit (fen); 0 for a channel that is not used."""

    number: int
    value: int
    currency: str


@dataclass(frozen=True)
class Setup:
    """The unit's answer to SETUP_REQUEST."""

    unit_type: int  # 0: banknote validator, 6 and 7: with payout
    firmware: str
    country: str
    channels: tuple[Channel, ...]
    protocol: int

    @classmethod
    def from_data(cls, data: bytes) -> Setup | None:
        """From what follows F0; None when it is no banknote unit's or does not add up.

        Values: from protocol 6 on four bytes, little-endian, for each channel, before that one byte times the "value
        multiplier"; both are whole units of the currency and times the "real value multiplier" (100) become its
        smallest.
        """
        if len(data) < 12 or data[0] == 3:
            return None
        n = data[11]
        fixed = 12 + 2 * n
        if not 1 <= n <= 16 or len(data) < fixed + 4:
            return None
        multiplier = int.from_bytes(data[8:11], "big")
        real_multiplier = int.from_bytes(data[fixed : fixed + 3], "big")
        protocol = data[fixed + 3]
        country = _ascii(data[5:8])
        if protocol >= 6:
            rest = data[fixed + 4 :]
            if len(rest) < 7 * n:
                return None
            currencies = [_ascii(rest[3 * i : 3 * i + 3]) for i in range(n)]
            values = [int.from_bytes(rest[3 * n + 4 * i : 3 * n + 4 * i + 4], "little") for i in range(n)]
        else:
            currencies = [country] * n
            values = [value * multiplier for value in data[12 : 12 + n]]
        channels = tuple(
            Channel(number, value * real_multiplier, currency)
            for number, (value, currency) in enumerate(zip(values, currencies, strict=True), start=1)
        )
        return cls(data[0], _ascii(data[1:5]), country, channels, protocol)


def inhibit_mask(channels: frozenset[int]) -> bytes:
    """Parameter of SET_INHIBITS that lets through these channels (1 to 16) and no other."""
    return sum(1 << (channel - 1) for channel in channels).to_bytes(2, "little")


REJECT_CODES = {
    0x00: "accepted",
    0x01: "length",
    0x06: "channel inhibited",
    0x07: "second note inserted",
    0x08: "host rejected",
    0x0A: "invalid note read",
    0x0B: "too long",
    0x0C: "validator disabled",
    0x0D: "mechanism slow",
    0x0E: "strimming attempt",
    0x0F: "fraud channel",
    0x10: "no notes inserted",
    0x11: "peak detect",
    0x12: "twisted",
    0x13: "escrow time-out",
    0x14: "bar code scan",
    0x19: "width",
    0x1A: "too short",
}


def reject_reason(code: int) -> str:
    """Why a note was refused, for technicians; the many ways of not recognising one are one."""
    return REJECT_CODES.get(code, "not recognised") if code <= 0x1A else f"code {code:02X}"


def _ascii(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in data)
