"""What can happen at a simulated payment terminal: what people do, what breaks, and where the cable is cut."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tap(StrEnum):
    """What the person with the card does, and what the bank thinks of it."""

    PAY = "pay"
    WRONG_PIN = "wrong-pin"  # once, and then the right one
    PIN_BLOCKED = "pin-blocked"  # wrong three times
    DECLINED = "declined"  # by the bank
    UNREADABLE = "unreadable"
    KEY = "key"  # presses the red key


class TerminalFault(StrEnum):
    """What can be wrong, by the names the cabinet shows."""

    SILENT = "silent"
    DOES_NOTHING = "does-nothing"  # acknowledges a payment, and that was it
    SAYS_DONE = "says-done"  # acknowledges and completes without a status information
    NOT_SUPPORTED = "not-supported"  # 84 83
    BUSY = "busy"  # 84 A0
    NEEDS_TIME = "needs-time"  # 84 9C before it takes a command on
    REPEATS_STATUS = "repeats-status"
    WRONG_AMOUNT = "wrong-amount"  # takes one yuan more
    OPEN_END_OF_DAY = "open-end-of-day"  # F0 until the day is handed in
    CANNOT_HAND_IN = "cannot-hand-in"  # FA
    DIAGNOSIS_REQUIRED = "diagnosis-required"  # C2 until then
    UNMASKED_SLIP = "unmasked-slip"
    UNKNOWN_FIELD = "unknown-field"  # a field nobody knows, with the card number behind it
    NO_REPETITION = "no-repetition"  # 06 20 is answered without a status information
    REFUSES_REPETITION = "refuses-repetition"  # 84 83 to 06 20
    ABORTS_REPETITION = "aborts-repetition"  # 06 1E DC: a card is left in it
    DAMAGES_REPETITION = "damages-repetition"  # 06 20 is answered with an amount that is no number
    KEEPS_CANCEL = "keeps-cancel"  # 06 B0 changes nothing


@dataclass
class CutPlan:
    """Break the link in the next payment: before or after its `number`th message either way (1: the 06 01 itself), or
    at the first one whose control field is `control`."""

    number: int | None = None
    control: bytes | None = None
    after: bool = False
