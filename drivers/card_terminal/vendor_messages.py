"""The JSON lines between us and a vendor's bridge program; docs/reference/card-terminal-vendor-process.md describes
them. Fields that are not named here are dropped while a line is read, so that nothing else a bridge says, such as a
card number, becomes an object here. No I/O."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from drivers.card_terminal.masking import clean_line
from drivers.card_terminal.port import CardOutcome, CardPrompt, CardResult, EndOfDay

LONGEST_LINE = 64 * 1024  # bytes
MOST_SLIP_LINES = 200
PROTOCOL = 1


class Ask(StrEnum):
    """What we may ask for."""

    STATUS = "status"
    PAY = "pay"
    CANCEL = "cancel"
    REVERSE = "reverse"
    LAST = "last"
    END_OF_DAY = "end_of_day"


class _Heard(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: int = Field(ge=0)


class Prompt(_Heard):
    event: Literal["prompt"]
    prompt: CardPrompt


class Result(_Heard):
    """Of pay, reverse and last. `found` false, of last only: the terminal said clearly that it has no transaction."""

    event: Literal["result"]
    outcome: CardOutcome
    found: bool = True
    amount: int = Field(default=0, ge=0)
    receipt: int | None = Field(default=None, ge=0)
    trace: int | None = Field(default=None, ge=0)
    terminal: str = Field(default="", max_length=200)
    scheme: str = Field(default="", max_length=200)
    code: int | None = None
    slip: list[Annotated[str, Field(max_length=1000)]] = Field(default=[], max_length=MOST_SLIP_LINES)
    reverses: int | None = Field(default=None, ge=0)

    def card_result(self) -> CardResult:
        return CardResult(
            self.outcome,
            self.amount,
            self.receipt,
            self.trace,
            clean_line(self.terminal),
            clean_line(self.scheme),
            self.code,
            tuple(clean_line(line) for line in self.slip),
            self.reverses,
        )


class Day(_Heard):
    """Of end_of_day."""

    event: Literal["day"]
    done: bool
    count: int | None = Field(default=None, ge=0)
    total: int | None = Field(default=None, ge=0)

    def end_of_day(self) -> EndOfDay:
        return EndOfDay(self.done, self.count, self.total)


class State(_Heard):
    """Of status. `action` as in `drivers.status.Action`."""

    event: Literal["state"]
    protocol: int = PROTOCOL
    ready: bool
    action: Literal["none", "reset", "clear", "maintenance"] = "none"
    detail: str = Field(default="", max_length=400)
    identity: str = Field(default="", max_length=400)


Event = Prompt | Result | Day | State
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def request(number: int, ask: Ask, **details: int) -> bytes:
    """A line for the bridge."""
    return json.dumps({"id": number, "request": ask.value, **details}).encode() + b"\n"


def read_event(line: bytes) -> Event | None:
    """None for a line that is no event: vendors' libraries print what they like."""
    try:
        return _EVENT.validate_json(line)
    except ValidationError:
        return None


class LineSplitter:
    """Cuts lines out of a stream. `flooded`: one did not end within `LONGEST_LINE`; nothing comes after that."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.flooded = False

    @property
    def pending(self) -> int:
        """Bytes of a line that is not whole yet."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[bytes]:
        """The lines completed by `data`, without their ends."""
        if self.flooded:
            return []
        self._pending += data
        *whole, rest = self._pending.split(b"\n")
        self._pending = rest
        self.flooded = len(rest) > LONGEST_LINE
        if self.flooded:
            self._pending.clear()
        return [bytes(line) for line in whole if line.strip()]
