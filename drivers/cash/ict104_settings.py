"""How an ICT104 unit is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff


@dataclass(frozen=True)
class IctTimings:
    """Seconds."""

    reply: float = 1.0  # to a poll
    poll: float = 1.0  # between two polls; the unit wants one at least every 5 s
    pair: float = 0.5  # between the two bytes of a message
    power_up: float = 6.0  # from a reset to 80 8F
    hold: float = 2.0  # between two holds; unanswered for 5 s the note comes out
    escrow_decision: float = 60.0  # a note nobody decides about is given back
    accept: float = 30.0  # from the order to 10; a 10 after that is noise
    contradiction: float = (
        2.0  # from "in the box" or "came out" to its being believed; longer than a note takes to stack
    )
    reject: float = 10.0  # from the order to 11
    echo: float = 2.0  # 29 and 11 within this time tell of the same note
    tick: float = 0.1


@dataclass(frozen=True)
class IctSettings:
    """`bills`: fen of the bill types 1 to 5, 0 for one that is not used; the unit has no table that could be asked.
    `hold_code`: 18, or 5A from V0.3 on."""

    line: SerialSettings
    bills: tuple[int, ...]
    currency: str = "CNY"
    hold_code: int = 0x18
    timings: IctTimings = field(default_factory=IctTimings)
    backoff: Backoff = field(default_factory=Backoff)
