"""What the kiosk asks of any banknote acceptor.

Money moves in one direction only: into the cashbox. Nothing here pays out. A note counts when the unit has said that it
is stacked (`STACKED`), never before; until then it can be given back.

What a payment does: write the intent "stack this note" to the journal, `stack()`, wait for the note's outcome, settle
the intent. The outcome is told once: `STACKED` or `RETURNED`. A unit that cannot say what became of the note gives
`JAMMED` with the note; should it find out after all, `STACKED` or `RETURNED` follows, `late`. There is also a `JAMMED`
with a note whose outcome was told: the unit said afterwards what cannot be true as well. It counts nothing, and says
that the cashbox has to be counted.

What a new program learns of a note that was being stacked when the old one died:
- ITL SSP: the unit keeps a credit until a poll has fetched it, and clears its path after a power cut and says where to.
  Both come as `late` events soon after `open`. A credit whose telling was the old program's last breath is not told
  again: its intent stays open, and somebody has to count.
  Of a note ordered to be stacked, RETURNED is told only if it can be no other: when the reply to the last poll before
  a restart is lost for good, a note that comes out may be the next one, and the first is told as JAMMED.
- ICT104: nothing. The unit tells every result once, to whoever listens. The intent stays open.

The status: `supplies[CASHBOX_SPACE]` is the room left for notes, as paper is what is left in a tray: `FULL` is all
there is, `OUT` means none can be taken, because the box is full or is not there. `supplies[NOTE_PATH]` is there only
while a note is stuck. `ready` is False with either. `counters` count since the driver was made: `notes_stacked`,
`notes_returned`, `notes_refused`, `notes_unknown` (a JAMMED with a note), and `stacked_1000` for each value in fen.
Who has to come: box full or note stuck, a clerk (`clear`); fraud, box removed, unit defective, a technician. A note of
unknown fate calls a clerk too, who counts the box; the unit stays `ready`, and the call stands until the box was out or
the driver is opened anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device

CASHBOX_SPACE = "cashbox_space"
NOTE_PATH = "note_path"


@dataclass(frozen=True)
class Note:
    """A kind of banknote the unit knows. `value` in fen (1 yuan is 100)."""

    value: int
    currency: str = "CNY"


class CashEventKind(StrEnum):
    """After any of the last six but CASHBOX_REPLACED no more notes are taken until `enable` is called again."""

    ESCROWED = "escrowed"  # a valid note waits: answer with `stack` or `give_back`
    STACKED = "stacked"  # it is in the cashbox: it counts, once
    RETURNED = "returned"  # it was given back
    REFUSED = "refused"  # not recognised or not wanted; the unit pushes it out by itself
    STACKER_FULL = "stacker-full"
    JAMMED = "jammed"  # with a note: what becomes of it nobody knows yet
    FRAUD = "fraud"  # a manipulation was seen
    CASHBOX_REMOVED = "cashbox-removed"
    CASHBOX_REPLACED = "cashbox-replaced"
    LOST = "lost"  # link, power or the unit itself went; what becomes of a note in it is told after it is back


@dataclass(frozen=True)
class CashEvent:
    """`number` grows with every event of this driver object: one that was handled is not handled again.

    `late`: the unit told it after a power cut or a lost link, so nobody was waiting for it; a STACKED one of these is
    money of whoever fed the note then. `note` is None where the unit does not say which it was.

    `unsure`: a STACKED note that the unit found in its path at power-up, in the life of an earlier program, which may
    have counted it already. It is the outcome of an intent to stack such a note that is still open in the journal; if
    there is none, it was counted.
    """

    kind: CashEventKind
    number: int
    note: Note | None = None
    late: bool = False
    unsure: bool = False


class CashAcceptor(Device, Protocol):
    @property
    def notes(self) -> tuple[Note, ...]:
        """What the unit can take, cheapest first; empty before it has said so."""

    async def enable(self, values: Collection[int]) -> bool:
        """Take notes of these values (fen) from now on; others are refused. False: the unit is not ready, or takes
        none of them.

        When it succeeds, unread events of before are dropped that say nothing of a note's whereabouts: a payment is not
        ended by last night's LOST. Unread STACKED, RETURNED and JAMMED with a note stay.
        """

    async def disable(self) -> None:
        """Take no more notes. One in escrow is given back. Returns when the unit has said so, or is lost, or is stuck;
        after that no note is on its way. Its outcome is among the events."""

    async def next_event(self) -> CashEvent:
        """The next event, in order, none left out; waits for ever. Cancelling loses none. One caller at a time."""

    async def stack(self) -> bool:
        """Take the note in escrow. True: the unit has the order, or may have it; whether it was stacked, an event
        tells. False: there is no note any more.

        A note nobody decides about is given back after a while (`escrow_decision` of the driver's timings).
        """

    async def give_back(self) -> bool:
        """Return the note in escrow; as `stack`."""
