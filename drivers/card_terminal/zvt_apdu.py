"""Messages between cash register (we) and payment terminal (PT), PA00P015: `CCRC APRC LEN data`.

LEN is one byte, or FF and two bytes little-endian for 255 bytes and more. No I/O here. A message from the terminal is
read and overwritten in the buffer it came in: what of it may be a card's never becomes an object of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.card_terminal.masking import clean_line
from drivers.card_terminal.zvt_bitmaps import Fields, ber_length, read_fields, to_decimal, var_length, wipe

MAX_APDU = 5 + 0xFFFF
_LONG = 0xFF
_FROM_TERMINAL = frozenset({0x04, 0x05, 0x06, 0x08, 0x80, 0x84})  # CCRC; anything else is no message

CONFIG_BYTE = 0xBE  # receipts of all kinds come to us as 06 D1/D3, intermediate status, we start everything
SERVICE_BYTE = 0x01  # no service menu on the terminal's function key
_TEXT_BLOCKS = bytes.fromhex("06 06 26 04 0A 02 06 D3")  # TLV: we understand 06 D3


def apdu(control: bytes, data: bytes = b"") -> bytes:
    length = bytes([len(data)]) if len(data) < _LONG else bytes([_LONG]) + len(data).to_bytes(2, "little")
    return control + length + data


# --- to the terminal ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Command:
    """One message to the terminal. `secret`: where its password is. `moves_money`: must not arrive twice."""

    name: str
    control: bytes
    data: bytes = b""
    secret: tuple[slice, ...] = ()
    moves_money: bool = False

    def __repr__(self) -> str:
        return f"Command({self.name})"

    def to_bytes(self) -> bytes:
        return apdu(self.control, self.data)


_PASSWORD = (slice(3, 6),)


def registration(
    password: int, currency: int, config: int = CONFIG_BYTE, service: int = SERVICE_BYTE, *, text_blocks: bool = False
) -> Command:
    """06 00. `currency` by ISO 4217, such as 156."""
    data = to_decimal(password, 3) + bytes([config]) + to_decimal(currency, 2) + bytes([0x03, service])
    return Command("registration", b"\x06\x00", data + (_TEXT_BLOCKS if text_blocks else b""), _PASSWORD)


def authorisation(amount: int) -> Command:
    """06 01: take `amount` minor units."""
    return Command("authorisation", b"\x06\x01", b"\x04" + to_decimal(amount, 6), moves_money=True)


def reversal(password: int, receipt: int) -> Command:
    """06 30: give the payment with this receipt number back."""
    data = to_decimal(password, 3) + b"\x87" + to_decimal(receipt, 2)
    return Command("reversal", b"\x06\x30", data, _PASSWORD, moves_money=True)


def end_of_day(password: int) -> Command:
    return Command("end_of_day", b"\x06\x50", to_decimal(password, 3), _PASSWORD)


def repeat_receipt(password: int) -> Command:
    """06 20: once more what belongs to the last transaction."""
    return Command("repeat_receipt", b"\x06\x20", to_decimal(password, 3), _PASSWORD)


STATUS_ENQUIRY = Command("status_enquiry", b"\x05\x01")
DIAGNOSIS = Command("diagnosis", b"\x06\x70")
CANCEL = Command("cancel", b"\x06\xb0")
ACKNOWLEDGED = Command("acknowledged", b"\x80\x00")
NOT_SUPPORTED = Command("not_supported", b"\x84\x83")


# --- from the terminal ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acknowledgement:
    """80 00 or 84 xx. `code` None: accepted."""

    code: int | None = None


@dataclass(frozen=True)
class IntermediateStatus:
    """04 FF."""

    code: int


@dataclass(frozen=True)
class StatusInformation:
    """04 0F."""

    fields: Fields


@dataclass(frozen=True)
class Print:
    """06 D1 or 06 D3: lines of a receipt. `kind` of D3: 1 merchant's, 2 customer's, 3 administrative; 0 not said."""

    lines: tuple[str, ...]
    kind: int = 0


@dataclass(frozen=True)
class Completion:
    """06 0F. `software`: the terminal's version, in the answer to a status enquiry."""

    fields: Fields = field(default_factory=Fields)
    software: str = ""


@dataclass(frozen=True)
class Abort:
    """06 1E."""

    code: int


@dataclass(frozen=True)
class Request:
    """Anything else a terminal may ask of a cash register: menus, inputs, dialling."""

    control: bytes


Message = Acknowledgement | IntermediateStatus | StatusInformation | Print | Completion | Abort | Request


@dataclass(frozen=True, repr=False)
class Received:
    """A message, and its bytes for the trace with zeros where `secret` says something was."""

    message: Message
    frame: bytes
    secret: tuple[slice, ...]

    def __repr__(self) -> str:
        return f"Received({type(self.message).__name__}, {len(self.frame)} bytes)"


def read_apdu(frame: bytearray, encoding: str = "ascii") -> Received:
    """The message in `frame`, which has its whole length; `frame` is overwritten. `encoding` of printed lines."""
    start = 5 if frame[2] == _LONG else 3
    message, secret = _read(frame, start, encoding)
    received = Received(message, bytes(frame), tuple(secret))
    wipe(frame, 0, len(frame))
    return received


def _read(frame: bytearray, start: int, encoding: str) -> tuple[Message, list[slice]]:
    control = bytes(frame[:2])
    rest = [slice(start, len(frame))]  # what is blanked unless a reader below leaves something
    message: Message
    match control:
        case b"\x04\x0f":
            fields, secret = read_fields(frame, start)
            return StatusInformation(fields), secret
        case b"\x04\xff" if len(frame) > start:
            message, rest = IntermediateStatus(frame[start]), [slice(start + 1, len(frame))]
        case b"\x06\x1e" if len(frame) > start:
            message, rest = Abort(frame[start]), [slice(start + 1, len(frame))]
        case b"\x06\x0f":
            return _completion(frame, start)
        case b"\x06\xd1":
            message = Print(_print_line(frame, start, encoding))
        case b"\x06\xd3":
            message = _print_block(frame, start, encoding)
        case _ if frame[0] == 0x80:
            message = Acknowledgement()
        case _ if frame[0] == 0x84:
            message = Acknowledgement(frame[1] or None)
        case _:
            message = Request(control)
    for part in rest:
        wipe(frame, part.start, part.stop)
    return message, [part for part in rest if part.start < part.stop]


def _completion(frame: bytearray, start: int) -> tuple[Message, list[slice]]:
    """Either fields, or (after a status enquiry) a version as LLL text, a status code and perhaps fields."""
    length = var_length(frame, start, 3)
    if length is None or start + 3 + length > len(frame):
        fields, secret = read_fields(frame, start)
        return Completion(fields), secret
    end = start + 3 + length
    software = clean_line(str(frame[start + 3 : end], "ascii", "replace"))
    return Completion(Fields(), software), [wipe(frame, end, len(frame))] if end < len(frame) else []


def _print_line(frame: bytearray, start: int, encoding: str) -> tuple[str, ...]:
    """Attribute byte and text; attribute FF: so many empty lines."""
    if start >= len(frame):
        return ()
    if frame[start] == 0xFF:
        return ("",) * min(frame[start + 1] if start + 1 < len(frame) else 1, 9)
    return (_text(frame, start + 1, len(frame), encoding),)


def _print_block(frame: bytearray, start: int, encoding: str) -> Print:
    """A TLV container: 1F07 kind of receipt, 25 texts with a 07 for each line."""
    lines: list[str] = []
    kind = 0
    if start < len(frame) and frame[start] == 0x06 and (found := ber_length(frame, start + 1)):
        begin = start + 1 + found[1]
        for tag, at, end in _tlv(frame, begin, min(begin + found[0], len(frame))):
            if tag == 0x1F07 and end > at:
                kind = frame[at]
            elif tag == 0x25:
                inner = _tlv(frame, at, end)
                lines += [_text(frame, first, last, encoding) for each, first, last in inner if each == 0x07]
    return Print(tuple(lines), kind)


def _tlv(data: bytearray, at: int, end: int) -> list[tuple[int, int, int]]:
    """Tag, begin and end of each data object; stops at one that is cut off."""
    found = []
    while at < end:
        tag, at = data[at], at + 1
        if tag & 0x1F == 0x1F and at < end:
            tag, at = tag << 8 | data[at], at + 1
        length = ber_length(data, at)
        if length is None or at + length[1] + length[0] > end:
            break
        at += length[1]
        found.append((tag, at, at + length[0]))
        at += length[0]
    return found


def _text(data: bytearray, begin: int, end: int, encoding: str) -> str:
    return clean_line(str(memoryview(data)[begin:end], encoding, "replace"))


class ApduSplitter:
    """Cuts messages out of a TCP stream, however its segments were split or merged. Bytes that can begin no message
    are skipped."""

    def __init__(self, encoding: str = "ascii") -> None:
        self._encoding = encoding
        self._pending = bytearray()
        self.skipped = 0  # bytes that belonged to no message

    @property
    def pending(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._pending)

    def reset(self) -> None:
        self._drop(len(self._pending))

    def feed(self, data: bytes) -> list[Received]:
        """The messages completed by `data`, in order."""
        self._pending += data
        received = []
        while (size := self._whole()) is not None:
            frame = self._pending[:size]
            self._drop(size)
            received.append(read_apdu(frame, self._encoding))
        return received

    def _whole(self) -> int | None:
        """The size of the message at the front, once it is all there."""
        skip = 0
        while skip < len(self._pending) and self._pending[skip] not in _FROM_TERMINAL:
            skip += 1
        if skip:
            self._drop(skip)
            self.skipped += skip
        size = apdu_size(self._pending)
        return size if size is not None and size <= len(self._pending) else None

    def _drop(self, count: int) -> None:
        wipe(self._pending, 0, count)
        del self._pending[:count]


def apdu_size(data: bytearray) -> int | None:
    """The size that the header at the front of `data` states; None while the header is not whole."""
    if len(data) < 3:
        return None
    if data[2] != _LONG:
        return 3 + data[2]
    return 5 + int.from_bytes(data[3:5], "little") if len(data) >= 5 else None


SUMMARIES: Mapping[bytes, str] = {
    b"\x04\x0f": "status_information",
    b"\x04\xff": "intermediate_status",
    b"\x06\xd1": "print_line",
    b"\x06\xd3": "print_text_block",
    b"\x06\x0f": "completion",
    b"\x06\x1e": "abort",
}


def label(frame: bytes) -> str:
    """What to call a terminal's message in a trace."""
    if frame[:1] in (b"\x80", b"\x84"):
        return "acknowledged" if frame[:2] in (b"\x80\x00", b"\x84\x00") else "refused"
    return SUMMARIES.get(frame[:2], "request")
