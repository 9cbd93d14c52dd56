"""Is this heartbeat the kiosk's next one, a repetition, a late one, or another machine with the same identity?

What an honest kiosk may do: repeat a heartbeat whose answer was lost; restart (a new `boot`, higher numbers); have its
messages overtake each other, also across a restart. What it cannot do, since the number is on its disk before it is
sent and a program that has ended is not heard again after MESSAGE_LIFE:

- send the number of one boot under another,
- send a higher number under the boot that its present one has followed,
- send under an ended boot for longer than MESSAGE_LIFE.

Clocks of kiosks are no evidence: they jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MESSAGE_LIFE = timedelta(seconds=120)  # nothing sent arrives later than that
SECOND_LOOK = timedelta(seconds=30)  # what a hung connection lets go all at once counts once
FORGOTTEN = timedelta(days=1)


class Verdict(StrEnum):
    NEXT = "next"
    RETRY = "retry"
    LATE = "late"  # overtaken; nothing is written
    STRIKE = "strike"  # a sign of a second machine: remember it
    CLONE = "clone"


@dataclass(frozen=True)
class Last:
    """What the pulse knows. `strike` is "SEQ:BOOT" of the last strike, `strikes` how many came too late to be
    explained by a slow network."""

    seq: int
    boot: str
    previous_boot: str = ""
    boot_at: datetime | None = None
    strikes: int = 0
    strike: str = ""
    strike_at: datetime | None = None


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    why: str = ""
    strikes: int = 0
    strike: str = ""
    strike_at: datetime | None = None


def judge(last: Last, seq: int, boot: str, at: datetime) -> Judgement:
    """`at`: when it arrived, our clock."""
    if boot == last.boot:
        if seq > last.seq:
            return Judgement(Verdict.NEXT)
        return Judgement(Verdict.RETRY if seq == last.seq else Verdict.LATE)
    if seq > last.seq:
        if boot == last.previous_boot:
            return Judgement(Verdict.CLONE, "a boot that had ended goes on counting")
        return Judgement(Verdict.NEXT)
    if seq == last.seq:
        return Judgement(Verdict.CLONE, "one number under two boots")
    return _behind(last, seq, boot, at)


def _behind(last: Last, seq: int, boot: str, at: datetime) -> Judgement:
    mark = f"{seq}:{boot}"
    if mark == last.strike:
        return Judgement(Verdict.LATE)  # the same message once more
    known = last.strike_at if last.strike_at is not None and at - last.strike_at < FORGOTTEN else None
    strikes = last.strikes if known else 0
    if known and last.strike.partition(":")[2] == boot and at - known >= MESSAGE_LIFE:
        return Judgement(Verdict.CLONE, "a boot that had ended is still heard")
    if last.boot_at is not None and at - last.boot_at >= MESSAGE_LIFE:
        if not strikes:
            return Judgement(Verdict.STRIKE, "", 1, mark, at)
        if known and at - known >= SECOND_LOOK:
            return Judgement(Verdict.CLONE, "numbers that go back")
    elif known is None:
        return Judgement(Verdict.STRIKE, "", 0, mark, at)
    return Judgement(Verdict.LATE)
