"""How an SSP unit is spoken to, and what it has to be."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff

YUAN_NOTES = (100, 500, 1000, 2000, 5000, 10000)  # fen


@dataclass(frozen=True)
class SspTimings:
    """Seconds. Time on the wire is added to `reply` according to the line's speed."""

    reply: float = 1.0  # "no reply in 1 s: resend"
    poll: float = 0.2  # between two polls while notes are taken; the manual's figure
    idle_poll: float = 1.0  # between two polls while none are; a unit left alone for long disables itself
    escrow_decision: float = 60.0  # a note nobody decides about is given back
    stack: float = 20.0  # from the order to CREDIT
    reject: float = 10.0  # from the order to REJECTED
    power_up: float = 10.0  # in which a restarted unit clears its path and says where to


@dataclass(frozen=True)
class SspSettings:
    """`denominations`: the values (fen) that notes of this currency have. A unit that names another is misread, and
    with money that is a fault and no matter of opinion."""

    line: SerialSettings
    address: int = 0
    currency: str = "CNY"
    denominations: tuple[int, ...] = YUAN_NOTES
    timings: SspTimings = field(default_factory=SspTimings)
    backoff: Backoff = field(default_factory=Backoff)
