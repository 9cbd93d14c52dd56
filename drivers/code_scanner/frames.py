"""Bytes to and from serial scanners: commands of two families, and codes cut out of the stream. No I/O here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

STX = 0x02
MAX_CODE = 4096  # bytes; the largest QR code holds 2,953 bytes or 4,296 letters

_ACK, _ENQ, _NAK = 0x06, 0x05, 0x15


class Family(StrEnum):
    """Which commands a scanner understands."""

    HONEYWELL = "honeywell"  # and Metrologic, Datalogic-HHP: SYN T CR
    NEWLAND = "newland"  # unified commands, 7E 01 30 30 30 30 … 3B 03
    PRESENTATION = "presentation"  # none: it reads by itself whatever is held before it


@dataclass(frozen=True)
class Commands:
    """What a family is sent. `manual_mode` makes it read only when triggered, until power-off; it is answered."""

    trigger: bytes = b""
    untrigger: bytes = b""
    manual_mode: bytes = b""


def _newland(command: str) -> bytes:
    """`#`: not stored, so that its flash memory does not wear."""
    return b"\x7e\x010000#" + command.encode("ascii") + b";\x03"


COMMANDS: dict[Family, Commands] = {
    Family.HONEYWELL: Commands(b"\x16T\r", b"\x16U\r", b"\x16M\rTRGMOD0!"),
    Family.NEWLAND: Commands(_newland("SCNTRG1"), _newland("SCNTRG0"), _newland("SCNMOD0")),
    Family.PRESENTATION: Commands(),
}


class Answer(StrEnum):
    """A scanner's answer to a command."""

    OK = "ok"
    REFUSED = "refused"  # NAK: understood, but not so
    UNKNOWN = "unknown"  # ENQ: no such command


_ANSWERS = {_ACK: Answer.OK, _NAK: Answer.REFUSED, _ENQ: Answer.UNKNOWN}
# Honeywell: the command echoed, then ACK, NAK or ENQ, then its full stop or exclamation mark
_HONEYWELL_ANSWER = re.compile(rb"[ -~]{0,64}([\x05\x06\x15])[.!]?")
_NEWLAND_ANSWER = re.compile(rb"\x02\x010000[#@][ -~]{1,64}?([\x05\x06\x15]);\x03")
_END = re.compile(rb"[\r\n\x05\x06\x15]")
_NEWLAND_BEGINNING = b"\x02\x010000"


@dataclass(frozen=True, repr=False)
class Code:
    """The bytes of one code, without prefix and suffix. A secret until proven otherwise."""

    data: bytes

    def __repr__(self) -> str:
        return f"Code({len(self.data)} bytes)"

    def text(self) -> str | None:
        """UTF-8, or GB18030 as older bills print; None when it is neither."""
        for encoding in ("utf-8", "gb18030"):
            try:
                return self.data.decode(encoding)
            except UnicodeDecodeError:
                continue
        return None


class ScanParser:
    """Cuts codes and answers out of a stream: suffix CR, LF or both, an optional STX before, any split."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._skipping = False
        self.dropped = 0  # codes that were too long or skipped

    @property
    def waiting(self) -> bool:
        """Whether a code or an answer has begun and not ended."""
        return bool(self._pending) or self._skipping

    def reset(self) -> None:
        self._drop(len(self._pending))
        self._skipping = False

    def skip_begun(self) -> None:
        """Forget a code of which a part has come, and the rest of it when it comes."""
        self._skipping = self.waiting
        self._drop(len(self._pending))

    def feed(self, data: bytes) -> list[Code | Answer]:
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
        if self._pending.startswith(_NEWLAND_BEGINNING) and (end := self._pending.find(b";\x03")) >= 0:
            return self._answer(_NEWLAND_ANSWER, end + 2)
        if (match := _END.search(self._pending)) is None:
            return None
        end = match.start()
        if self._pending[end] in _ANSWERS:
            if self._pending.startswith(_NEWLAND_BEGINNING):
                return None  # its ";" and ETX are still to come
            following = bytes(self._pending[end + 1 : end + 2])
            return self._answer(_HONEYWELL_ANSWER, end + (2 if following in (b".", b"!") else 1))
        found = self._code(bytes(self._pending[:end]))
        self._drop(end + 1)
        self._skipping = False
        return found

    def _answer(self, shape: re.Pattern[bytes], end: int) -> list[Code | Answer]:
        match = shape.fullmatch(bytes(self._pending[:end]))
        self._drop(end)
        return [_ANSWERS[match[1][0]]] if match else []

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
