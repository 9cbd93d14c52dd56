"""Bytes to and from serial scanners: commands of two families, and codes cut out of the stream. No I/O here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import category

STX = 0x02
MAX_CODE = 4096  # bytes; the largest QR code holds 2,953 bytes or 4,296 letters

_ACK, _ENQ, _NAK = 0x06, 0x05, 0x15


class Family(StrEnum):
    """Which commands a scanner understands."""

    HONEYWELL = "honeywell"  # and Metrologic, Datalogic-HHP: SYN T CR
    NEWLAND = "newland"  # unified commands, 7E 01 30 30 30 30 … 3B 03
    PRESENTATION = "presentation"  # none: it reads by itself whatever is held before it


@dataclass(frozen=True)
class Command:
    """`name` comes back in the answer; empty: there is none."""

    data: bytes
    name: str = ""


@dataclass(frozen=True)
class Commands:
    """What a family is sent. `manual_mode` makes it read only when triggered, until power-off; `identity` asks for
    model and firmware, which not every model of a family tells."""

    trigger: Command
    untrigger: Command
    manual_mode: Command
    identity: Command


def _newland(name: str) -> Command:
    """`#`: not stored, so that its flash memory does not wear."""
    return Command(b"\x7e\x010000#" + name.encode("ascii") + b";\x03", name)


def _honeywell_menu(name: str, end: bytes = b"!") -> Command:
    """`!`: not stored."""
    return Command(b"\x16M\r" + name.encode("ascii") + end, name)


COMMANDS: dict[Family, Commands | None] = {
    Family.HONEYWELL: Commands(
        Command(b"\x16T\r"), Command(b"\x16U\r"), _honeywell_menu("TRGMOD0"), _honeywell_menu("REVINF", b".")
    ),
    Family.NEWLAND: Commands(_newland("SCNTRG1"), _newland("SCNTRG0"), _newland("SCNMOD0"), _newland("QRYSYS")),
    Family.PRESENTATION: None,
}


class Mark(StrEnum):
    """How a command was taken."""

    OK = "ok"
    REFUSED = "refused"  # NAK: understood, but not so
    UNKNOWN = "unknown"  # ENQ: no such command


_MARKS = {_ACK: Mark.OK, _NAK: Mark.REFUSED, _ENQ: Mark.UNKNOWN}


@dataclass(frozen=True, repr=False)
class Answer:
    """`echo`: the command's name as the scanner repeats it, and behind it what was asked for. Not shown, for a code
    without suffix may have slipped into it."""

    mark: Mark
    echo: str = ""

    def __repr__(self) -> str:
        return f"Answer({self.mark.value})"

    def to(self, command: Command) -> bool:
        """Whether it can be the answer to `command`; a bare ACK can be to any."""
        return not self.echo or self.echo.upper().startswith(command.name)


# Honeywell: the command echoed, then ACK, NAK or ENQ, then its full stop or exclamation mark
_HONEYWELL_ANSWER = re.compile(rb"([ -~]{0,512})([\x05\x06\x15])[.!]?")
_NEWLAND_ANSWER = re.compile(rb"\x02\x010000[#@]([\t\r\n -~]{1,2048}?)([\x05\x06\x15]);\x03")
_NEWLAND_LINES = re.compile(rb"\x02\x010000[#@]QRY")  # answers of several lines
_END = re.compile(rb"[\r\n\x05\x06\x15]")
_CONTROL = frozenset({"Cc", "Cf", "Cs"})  # Unicode categories; Cf turns the direction of writing
_NEWLAND_BEGINNING = b"\x02\x010000"


@dataclass(frozen=True, repr=False)
class Code:
    """The bytes of one code, without prefix and suffix. A secret until proven otherwise."""

    data: bytes

    def __repr__(self) -> str:
        return f"Code({len(self.data)} bytes)"

    def text(self) -> str | None:
        """UTF-8, or GB18030 as older bills print; None when it is neither, or holds control characters: they are
        no part of any number, and somebody may have printed them on purpose."""
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                text = self.data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return None if any(category(char) in _CONTROL and char != "\t" for char in text) else text
        return None


class ScanParser:
    """Cuts codes and answers out of a stream: suffix CR, LF or both, an optional STX before, any split."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._skipping = False
        self._mark_due = False  # a Honeywell answer has come but for its full stop or exclamation mark
        self.dropped = 0  # codes that were too long or skipped

    @property
    def waiting(self) -> bool:
        """Whether a code or an answer has begun and not ended."""
        return bool(self._pending) or self._skipping or self._mark_due

    def reset(self) -> None:
        self._drop(len(self._pending))
        self._skipping = self._mark_due = False

    def skip_begun(self) -> None:
        """Forget a code of which a part has come, and the rest of it when it comes."""
        self._skipping = bool(self._pending) or self._skipping
        self._drop(len(self._pending))

    def feed(self, data: bytes) -> list[Code | Answer]:
        if self._mark_due and data:
            self._mark_due = False
            data = data[1:] if data[:1] in (b".", b"!") else data
        self._pending += data
        found: list[Code | Answer] = []
        while (item := self._next()) is not None:
            found.extend(item)
        if len(self._pending) > MAX_CODE:
            self._drop(len(self._pending))
            self._skipping = True
        return found

    def flush(self) -> list[Code | Answer]:
        """The line has been idle: what is there is complete, for a scanner without suffix sends nothing more."""
        found = self._code(bytes(self._pending))
        self.reset()
        return found

    def _next(self) -> list[Code | Answer] | None:
        """Items up to the next end, or None when there is no end yet."""
        newland = self._pending.startswith(_NEWLAND_BEGINNING)
        if newland and (end := self._pending.find(b";\x03")) >= 0:
            return self._answer(_NEWLAND_ANSWER, end + 2)
        if (match := _END.search(self._pending)) is None:
            return None
        end = match.start()
        if newland and (self._pending[end] in _MARKS or _NEWLAND_LINES.match(self._pending)):
            return None  # the rest is still to come
        if self._pending[end] in _MARKS:
            following = bytes(self._pending[end + 1 : end + 2])
            self._mark_due = not following
            return self._answer(_HONEYWELL_ANSWER, end + (2 if following in (b".", b"!") else 1))
        found = self._code(bytes(self._pending[:end]))
        self._drop(end + 1)
        self._skipping = False
        return found

    def _answer(self, shape: re.Pattern[bytes], end: int) -> list[Code | Answer]:
        match = shape.fullmatch(bytes(self._pending[:end]))
        self._drop(end)
        return [Answer(_MARKS[match[2][0]], match[1].decode("ascii"))] if match else []

    def _code(self, raw: bytes) -> list[Code | Answer]:
        if self._skipping or len(raw) > MAX_CODE:
            self.dropped += 1
            return []
        if raw.startswith(_NEWLAND_BEGINNING):
            return []  # an answer cut short
        if raw[:1] == bytes([STX]):
            raw = raw[1:]
        return [Code(raw)] if raw.strip() else []

    def _drop(self, count: int) -> None:
        self._pending[:count] = bytes(count)
        del self._pending[:count]
