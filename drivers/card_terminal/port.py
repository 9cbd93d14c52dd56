"""What the kiosk asks of any bank card terminal. No card number, track, expiry date or PIN ever passes this port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from drivers.device import Device


class CardPrompt(StrEnum):
    """What the terminal asks of the resident just now; the kiosk shows it too."""

    INSERT_CARD = "insert-card"
    ENTER_PIN = "enter-pin"
    WRONG_PIN = "wrong-pin"
    REMOVE_CARD = "remove-card"
    WAIT = "wait"
    APPROVED = "approved"
    DECLINED = "declined"


class CardOutcome(StrEnum):
    APPROVED = "approved"  # money was taken (or, of a reversal, given back)
    DECLINED = "declined"  # the bank said no: nothing was taken
    ABORTED = "aborted"  # by the resident, by `cancel` or by time: nothing was taken
    NOT_POSSIBLE = "not-possible"  # the terminal refused or could not be asked: nothing was taken
    UNKNOWN = "unknown"  # the link broke in between: ask `last_result`, never pay again blindly


@dataclass(frozen=True)
class CardMark:
    """By what a terminal's transaction is told from the one before it: its own running numbers."""

    receipt: int | None
    trace: int | None


@dataclass(frozen=True)
class CardResult:
    """How a payment or reversal ended. `amount` in fen. `receipt` is the terminal's own number for it, by which it can
    be reversed and recognised; None where there is none."""

    outcome: CardOutcome
    amount: int = 0
    receipt: int | None = None
    trace: int | None = None
    terminal: str = ""
    scheme: str = ""  # name of the card's brand, such as "UnionPay"
    code: int | None = None  # the terminal's result code, for technicians
    slip: tuple[str, ...] = ()  # lines the terminal wants printed for the resident; masked by the terminal
    reverses: int | None = None  # trace number of the payment that this one gave back, if it is a reversal

    @property
    def mark(self) -> CardMark | None:
        """None where the terminal gave it no number."""
        return None if self.receipt is None and self.trace is None else CardMark(self.receipt, self.trace)


@dataclass(frozen=True)
class EndOfDay:
    """Totals the terminal handed in. None: it did not say."""

    done: bool
    count: int | None = None
    total: int | None = None


PromptHandler = Callable[[CardPrompt], None]


class CardTerminal(Device, Protocol):
    """One command at a time: what moves money is refused (NOT_POSSIBLE) while another such command runs, or while it
    is in doubt how one ended. Cancelling a caller does not stop a payment: it runs to its end, see `last_result`."""

    @property
    def mark(self) -> CardMark | None:
        """The terminal's newest transaction, as far as known; asks nobody. Write it to the journal with the intent to
        pay: `drivers.card_terminal.recovery.judge` needs it to tell that payment from an older one after a restart."""

    async def pay(self, amount: int, on_prompt: PromptHandler | None = None) -> CardResult:
        """Take `amount` fen (> 0) from a card. Write the intent to the journal first: UNKNOWN may come back."""

    async def cancel(self) -> None:
        """Ask for the end of a running payment. It may still succeed: `pay` tells."""

    async def reverse(self, receipt: int) -> CardResult:
        """Give a payment back, by its receipt number."""

    async def last_result(self) -> CardResult | None:
        """What the terminal says about its last payment, for recovery. None: it cannot be asked or does not know.

        After UNKNOWN (in this process) the answer is about that very payment: APPROVED, DECLINED or ABORTED, with the
        amount the terminal took. Asked without a payment before it (after a restart), the answer is the terminal's
        newest transaction, whatever it was: see `drivers.card_terminal.recovery.judge`.
        """

    async def end_of_day(self) -> EndOfDay:
        """Hand in the day's payments."""


@runtime_checkable
class Diagnosable(Protocol):
    """A terminal that can check its own way to the bank."""

    async def diagnose(self) -> bool:
        """Have it do so; whether it got through. May take a minute."""
