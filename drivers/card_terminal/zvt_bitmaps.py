"""The data fields ("bitmaps") of ZVT messages, PA00P015 chapter "Summary of utilised BMPs". No I/O here.

Only the fields on a short list of harmless ones are read. The bytes of every other field are overwritten where they
lie: card number (22), tracks (23, 24, 2D), expiry date (0E), card sequence number (17), check value (3A), the TLV
container (06), whose tags may hold any of these again, free texts, and whatever is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.card_terminal.masking import clean_line

LL = -2  # two bytes F0…F9, a decimal digit each, then as many bytes
LLL = -3
TLV = -4  # a length as in BER (ISO/IEC 8825-1), then as many bytes

LENGTHS: dict[int, int] = {
    0x01: 1, 0x02: 1, 0x03: 1, 0x04: 6, 0x05: 1, 0x06: TLV, 0x0B: 3, 0x0C: 3, 0x0D: 2, 0x0E: 2,
    0x17: 2, 0x19: 1, 0x22: LL, 0x23: LL, 0x24: LLL, 0x27: 1, 0x29: 4, 0x2A: 15, 0x2D: LL, 0x2E: LLL,
    0x37: 3, 0x3A: 2, 0x3B: 8, 0x3C: LLL, 0x3D: 3, 0x49: 2, 0x60: LLL, 0x87: 2, 0x88: 3, 0x8A: 1,
    0x8B: LL, 0x8C: 1, 0x9A: LLL, 0xA0: 1, 0xA7: LL, 0xAA: 3, 0xAF: LLL, 0xBA: 5,
}  # fmt: skip

CARD_DATA = frozenset({0x22, 0x23, 0x24, 0x2D, 0x3A, 0x0E, 0x17})
_TOTALS_GROUPS = 7  # kinds of cards in bitmap 60: a count and an amount for each


@dataclass(frozen=True)
class Fields:
    """What is read of a message. None: the terminal did not say. Amounts in the currency's minor unit."""

    result: int | None = None  # 27
    amount: int | None = None  # 04
    trace: int | None = None  # 0B
    original_trace: int | None = None  # 37: of the payment that this one gives back
    receipt: int | None = None  # 87
    time: str = ""  # 0C HHMMSS
    date: str = ""  # 0D MMDD
    terminal: str = ""  # 29
    currency: int | None = None  # 49, ISO 4217
    card_name: str = ""  # 8B
    status: int | None = None  # 19
    count: int | None = None  # 60: payments in all groups of the day's totals
    damaged: bool = False  # a field that is read was not what it should be, or the end could not be read


def decimal(data: bytes | bytearray | memoryview) -> int | None:
    """Packed BCD; None when a nibble is no digit."""
    value = 0
    for byte in data:
        high, low = byte >> 4, byte & 0x0F
        if high > 9 or low > 9:
            return None
        value = value * 100 + high * 10 + low
    return value


def to_decimal(value: int, size: int) -> bytes:
    """`value` as packed BCD of `size` bytes."""
    if not 0 <= value < 100**size:
        raise ValueError(f"does not fit into {size} BCD bytes")
    return bytes.fromhex(f"{value:0{2 * size}d}")


def var_length(data: bytearray, at: int, digits: int) -> int | None:
    """An LL or LLL length; None when it is none."""
    if at + digits > len(data):
        return None
    length = 0
    for byte in data[at : at + digits]:
        if not 0xF0 <= byte <= 0xF9:
            return None
        length = length * 10 + (byte & 0x0F)
    return length


def ber_length(data: bytearray, at: int) -> tuple[int, int] | None:
    """Length and the number of bytes it takes; None when it is cut off or longer than any message."""
    if at >= len(data):
        return None
    first = data[at]
    if first < 0x80:
        return first, 1
    size = first & 0x7F
    if not 1 <= size <= 2 or at + 1 + size > len(data):
        return None
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), 1 + size


def read_fields(data: bytearray, start: int) -> tuple[Fields, list[slice]]:
    """The fields of `data` from `start` to the end, and which parts of `data` were overwritten with zeros: all that
    is not read. Stops at a field of unknown length: nothing behind it can be told apart."""
    found: dict[str, int | str | None] = {}
    blanked: list[slice] = []
    damaged = False
    at = start
    while at < len(data):
        begin, end = _extent(data, at)
        if end is None:
            damaged = True
            blanked.append(wipe(data, at, len(data)))
            break
        if data[at] in _READ:
            name, read = _READ[data[at]]
            found[name] = read(data[begin:end])
            damaged = damaged or (found[name] is None and name in _MONEY)
        else:
            blanked.append(wipe(data, begin, end))
        at = end
    # "damaged" is left out of `found`, so the keys are the dataclass's own
    return Fields(**found, damaged=damaged), blanked  # type: ignore[arg-type]


def wipe(data: bytearray, begin: int, end: int) -> slice:
    data[begin:end] = bytes(end - begin)
    return slice(begin, end)


def _extent(data: bytearray, at: int) -> tuple[int, int | None]:
    """Where the content of the field at `at` begins and ends; no end when it cannot be told or is cut off."""
    kind = LENGTHS.get(data[at])
    begin = at + 1
    if kind is None:
        return begin, None
    length: int | None = kind
    if kind == TLV:
        found = ber_length(data, begin)
        if found is None:
            return begin, None
        length, size = found
        begin += size
    elif kind < 0:
        length = var_length(data, begin, -kind)
        begin += -kind
    if length is None or begin + length > len(data):
        return begin, None
    return begin, begin + length


def _digits(data: bytearray) -> str:
    return "" if decimal(data) is None else data.hex()


def _card_name(data: bytearray) -> str:
    return clean_line(str(data.rstrip(b"\x00"), "ascii", "replace"))


def _byte(data: bytearray) -> int:
    return data[0]


def _count(data: bytearray) -> int | None:
    """The sum of the counts in bitmap 60: two receipt numbers (2 bytes each), then count (1) and amount (6) a group."""
    if len(data) != 4 + 7 * _TOTALS_GROUPS:
        return None  # vendors have other layouts
    return sum(data[4 + 7 * group] for group in range(_TOTALS_GROUPS))


_READ = {
    0x27: ("result", _byte),
    0x04: ("amount", decimal),
    0x0B: ("trace", decimal),
    0x37: ("original_trace", decimal),
    0x87: ("receipt", decimal),
    0x0C: ("time", _digits),
    0x0D: ("date", _digits),
    0x29: ("terminal", _digits),
    0x49: ("currency", decimal),
    0x8B: ("card_name", _card_name),
    0x19: ("status", _byte),
    0x60: ("count", _count),
}
_MONEY = frozenset({"result", "amount", "trace", "original_trace", "receipt", "currency"})
