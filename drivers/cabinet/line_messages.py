"""Lines over a socket: the messages between the kiosk and a program that has the wires.

For boxes whose wires do not end at a GPIO chip: a maker's own I/O board, a relay board on RS-485. A small program that
knows the board listens on a Unix socket; the virtual cabinet is one. ASCII, one message a line, LF at the end:

    kiosk                            box
    TAKE in 4 up 30                  OK                     input, pull-up, 30 ms of debouncing
    TAKE out 17 low                  BUSY <who>             output, low at first; another has the line
    TAKE in 99 up 30                 NONE                   there is no such line
    READ                             LEVEL 4 high … OK      all inputs taken
    SET 17 high                      OK
                                     LEVEL 4 low            at any time: an edge

Exactly one of OK, BUSY and NONE ends each command; commands are sent one at a time. Closing the connection gives the
lines free. A name stands where a number stands; it has no spaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drivers.cabinet.line_port import InputLine, LineId, OutputLine

MAX_MESSAGE = 200  # bytes; a longer one is noise


class Word(StrEnum):
    LEVEL = "LEVEL"
    OK = "OK"
    BUSY = "BUSY"
    NONE = "NONE"


@dataclass(frozen=True)
class Level:
    """An input has this level."""

    line: LineId
    high: bool


@dataclass(frozen=True)
class Done:
    """How a command ended; `who` holds the line that is BUSY."""

    word: Word
    who: str = ""


Message = Level | Done


class MessageParser:
    """Bytes in, messages out. What is no message is dropped and counted; never raises."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False  # in a message that was too long
        self.damaged = 0

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Message]:
        found: list[Message] = []
        *complete, rest = data.split(b"\n")
        for piece in complete:
            whole = bytes(self._buffer) + piece
            self._buffer.clear()
            message = None if self._skipping or len(whole) > MAX_MESSAGE else _parse(whole)
            self._skipping = False
            if message is None:
                self.damaged += 1
            else:
                found.append(message)
        if self._skipping or len(self._buffer) + len(rest) > MAX_MESSAGE:
            self._buffer.clear()
            self._skipping = True
        else:
            self._buffer += rest
        return found


def _parse(raw: bytes) -> Message | None:
    try:
        words = raw.decode("ascii").split()
    except UnicodeDecodeError:
        return None
    match words:
        case [Word.LEVEL, line, "high" | "low" as level]:
            return Level(line_id(line), level == "high")
        case [Word.OK | Word.NONE as word]:
            return Done(Word(word))
        case [Word.BUSY, *who]:
            return Done(Word.BUSY, " ".join(who))
        case _:
            return None


def line_id(text: str) -> LineId:
    """Digits are an offset, anything else a name."""
    return int(text) if text.isdigit() and len(text) < 7 else text


def take_input(line: LineId, want: InputLine) -> bytes:
    return f"TAKE in {line} {want.pull.value} {round(want.debounce_s * 1000)}\n".encode("ascii")


def take_output(line: LineId, give: OutputLine) -> bytes:
    return f"TAKE out {line} {_level(give.high)}\n".encode("ascii")


def set_output(line: LineId, high: bool) -> bytes:
    return f"SET {line} {_level(high)}\n".encode("ascii")


READ = b"READ\n"


def _level(high: bool) -> str:
    return "high" if high else "low"
