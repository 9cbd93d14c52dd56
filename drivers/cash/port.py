"""What the kiosk asks of any banknote acceptor.

Money moves in one direction only: into the cashbox. Nothing here pays out. A note counts when the unit has said that it
is stacked (`NOTE_STACKED`), never before; until then it can be given back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


@dataclass(frozen=True)
class Note:
    """A kind of banknote the unit knows. `value` in fen (1 yuan is 100)."""

    value: int
    currency: str = "CNY"


class CashEventKind(StrEnum):
    ESCROWED = "escrowed"  # a valid note waits: answer with `stack` or `give_back`
    STACKED = "stacked"  # it is in the cashbox: it counts, once
    RETURNED = "returned"  # it was given back
    REFUSED = "refused"  # not recognised or not wanted; the unit pushes it out by itself
    STACKER_FULL = "stacker-full"
    JAMMED = "jammed"
    FRAUD = "fraud"  # a manipulation was seen
    CASHBOX_REMOVED = "cashbox-removed"
    CASHBOX_REPLACED = "cashbox-replaced"
    LOST = "lost"  # the link went; what becomes of a note in escrow is told after it is back


@dataclass(frozen=True)
class CashEvent:
    """`number` grows with every event of this driver object: one that was handled is not handled again.

    `late`: the unit told it after a power cut or a lost link, so nobody was waiting for it; a STACKED one of these is
    money of whoever fed the note then. `note` is None where the unit does not say which it was.
    """

    kind: CashEventKind
    number: int
    note: Note | None = None
    late: bool = False


class CashAcceptor(Device, Protocol):
    @property
    def notes(self) -> tuple[Note, ...]:
        """What the unit can take; empty before it has said so."""

    async def enable(self, values: Collection[int]) -> bool:
        """Take notes of these values (fen) from now on; others are refused. False: the unit is not ready."""

    async def disable(self) -> None:
        """Take no more notes. One in escrow is given back. Returns when the unit has said so, or is lost."""

    async def next_event(self) -> CashEvent:
        """The next event, in order, none left out; waits for ever. Cancelling loses none. One caller at a time."""

    async def stack(self) -> bool:
        """Take the note in escrow. True: the unit has the order; whether it was stacked, an event tells. False: there
        is no note any more."""

    async def give_back(self) -> bool:
        """Return the note in escrow; as `stack`."""
