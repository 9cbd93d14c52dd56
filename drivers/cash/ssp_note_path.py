"""The note in an SSP unit: what the events of its polls mean for it. No I/O here.

A note counts at its CREDIT event and at no other, with one exception: found in the path at power-up and moved to the
cashbox (CLEARED_TO_CASHBOX) it counts too, unless it had its CREDIT before the power went. Between two that count there
is a READ: a second CREDIT without one is the first said again, or a note nobody saw, and is told as JAMMED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from drivers.cash.event_queue import EventQueue, NoteInHand, Place
from drivers.cash.port import CashEventKind, Note
from drivers.cash.ssp_messages import Event, PollEvent, PollReply
from drivers.cash.troubles import Trouble, TroubleBook

log = structlog.get_logger()

_TROUBLES: Mapping[Event, tuple[Trouble, CashEventKind]] = {
    Event.UNSAFE_JAM: (Trouble.JAM, CashEventKind.JAMMED),
    Event.SAFE_JAM: (Trouble.JAM, CashEventKind.JAMMED),
    Event.STACKER_FULL: (Trouble.STACKER_FULL, CashEventKind.STACKER_FULL),
    Event.CASHBOX_REMOVED: (Trouble.CASHBOX_REMOVED, CashEventKind.CASHBOX_REMOVED),
    Event.FRAUD: (Trouble.FRAUD, CashEventKind.FRAUD),
}


@dataclass
class Heard:
    """What a poll asks of the driver."""

    restarted: bool = False  # the unit had a reset: greet it anew
    disabled: bool = False  # it says that it takes no notes
    returned: bool = False  # a note somebody waited for came out again
    refused: bool = False  # it pushed a note out: it can be asked why
    bar_code: bool = False  # a ticket is in escrow: not ours
    stop: bool = False  # something happened after which no more notes may be taken
    not_understood: int | None = None


class NotePath:
    """`clock` in seconds. `channels`: what the unit takes. `wanted`: values of notes somebody waits for."""

    def __init__(self, events: EventQueue, troubles: TroubleBook, clock: Callable[[], float]) -> None:
        self._events = events
        self._troubles = troubles
        self._clock = clock
        self.channels: Mapping[int, Note] = {}
        self.wanted: frozenset[int] = frozenset()
        self.note: NoteInHand | None = None
        self.live = False  # the unit was greeted, and its loss is news
        self.history_known = False  # whether this program was there when the note now in the path was fed
        self._counted = False  # one was, and since then no other note was seen
        self._cleared: Note | None = None  # counted at power-up; a CREDIT for it may follow

    @property
    def in_escrow(self) -> bool:
        return self.note is not None and self.note.place is Place.ESCROW

    @property
    def busy(self) -> bool:
        """A note's outcome is to come."""
        return self.note is not None and self.note.open

    @property
    def stuck(self) -> bool:
        """A note does not move; its outcome may never be told."""
        return self.note is not None and self.note.jam_told

    def lose_touch(self, why: str) -> None:
        """Link or power went. What is told of the note from now on is late."""
        if self.live:
            self._events.tell(CashEventKind.LOST, why=why)
        self.live = False
        self.wanted = frozenset()
        if self.note is not None:
            self.note.late = True

    def give_up(self) -> None:
        """Nobody will tell any more what became of the note."""
        if self.note is not None and self.note.open and not self.note.jam_told:
            self._unknown(self.note.note, late=self.note.late, why="outcome never told")
        self.note = None

    def _unknown(self, kind: Note | None, *, late: bool, why: str) -> None:
        self._events.tell(CashEventKind.JAMMED, kind, late=late, why=why)
        self._troubles.add(Trouble.UNCOUNTED)
        self.wanted = frozenset()

    def miss_news(self) -> None:
        """A poll's reply is lost for good. It may have told what became of a note that was to be stacked; what comes
        now may be of another note."""
        if self.note is not None and self.note.place is Place.STACKING:
            self.give_up()

    def miss_news_by_restart(self) -> None:
        """As `miss_news`, but the unit restarted and will say what is in its path. What is in the cashbox after that is
        there; a note that comes out may be another one, drawn in while nobody heard."""
        if self.note is not None and self.note.place is Place.STACKING:
            self.note.doubtful = True

    def say_stuck(self) -> None:
        """The note does not move, whatever the unit is told."""
        note = self.note
        if note is None or note.jam_told:
            return
        self._events.tell(CashEventKind.JAMMED, note.note, late=note.late, why="order without effect")
        note.jam_told = True

    def hear(self, reply: PollReply) -> Heard:
        heard = Heard(not_understood=reply.stopped_at)
        taking = bool(self.wanted)
        for each in reply.events:
            self._hear(each, heard)
        self._troubles.end_of_reply()
        if heard.stop:
            self.wanted = frozenset()
        heard.stop = heard.stop or (taking and not self.wanted)
        return heard

    def _hear(self, said: PollEvent, heard: Heard) -> None:
        match said.event:
            case Event.RESET:
                heard.restarted = True
                self._troubles.end(Trouble.FRAUD, Trouble.CASHBOX_REMOVED, Trouble.STACKER_FULL, Trouble.JAM)
                self.lose_touch("unit restarted")
            case Event.READ:
                self._read(said.channel)
            case Event.CREDIT:
                self._credit(said.channel)
            case Event.STACKED:
                if self.note is not None and not self.note.open:
                    self.note = None
            case Event.REJECTING:
                if self.in_escrow and self.note is not None:
                    self.note.move(Place.RETURNING, self._clock())
            case Event.REJECTED:
                self._rejected(heard)
            case Event.CLEARED_TO_FRONT:
                self._cleared_to_front(said.channel)
            case Event.CLEARED_TO_CASHBOX:
                self._cleared_to_cashbox(said.channel)
            case Event.CASHBOX_REPLACED:
                if Trouble.CASHBOX_REMOVED in self._troubles:
                    self._events.tell(CashEventKind.CASHBOX_REPLACED)
                self._troubles.cashbox_is_back()
            case Event.DISABLED:
                heard.disabled = True
            case Event.BAR_CODE_VALIDATED:
                heard.bar_code = True
            case trouble if trouble in _TROUBLES:
                self._trouble(said, heard)
            case _:
                pass  # STACKING and the like: CREDIT is what counts

    def _read(self, channel: int) -> None:
        self.history_known = True
        self._counted = False
        self._cleared = None
        note = self.note
        if note is not None and not note.open:
            self.note = note = None  # the one before is out of the way
        if channel == 0:
            if note is not None and note.place is not Place.ESCROW:
                self.give_up()  # there is room for another, so it is gone, and nobody said where to
            return
        kind = self.channels.get(channel)
        if note is not None:
            if note.note == kind:
                return  # said again
            self.give_up()
        wanted = kind is not None and kind.value in self.wanted
        self.note = NoteInHand(kind, Place.ESCROW, self._clock(), wanted)
        if wanted:
            self._events.tell(CashEventKind.ESCROWED, kind)

    def _credit(self, channel: int) -> None:
        note = self.note
        kind = self.channels.get(channel) or (note.note if note else None)
        if self._cleared is not None and self._cleared == kind:
            self._cleared = None  # told in two ways
            return
        if self._counted:
            self._unknown(kind, late=True, why="second credit without a note between")
            return
        self._counted = True
        late = note is None or note.late
        self._events.tell(CashEventKind.STACKED, kind, late=late)
        self._troubles.end(Trouble.STUCK)
        self.note = NoteInHand(kind, Place.CREDITED, self._clock(), late=late)

    def _rejected(self, heard: Heard) -> None:
        note = self.note
        if note is not None and note.doubtful:
            self.give_up()
            note = None
        if note is not None and note.open:
            kind = CashEventKind.RETURNED if note.wanted else CashEventKind.REFUSED
            self._events.tell(kind, note.note, late=note.late)
            heard.refused, heard.returned = not note.wanted, note.wanted
            self.note = None
        else:
            self._events.tell(CashEventKind.REFUSED)
            heard.refused = True
        self._troubles.end(Trouble.STUCK)

    def _cleared_to_front(self, channel: int) -> None:
        note = self.note
        self._troubles.end(Trouble.STUCK)
        if note is not None and not note.open:
            log.warning("cash_counted_note_came_out")  # as told; the count of the cashbox will show it
        elif note is not None and note.doubtful:
            self.give_up()
        elif note is None and self.history_known:
            self._events.tell(CashEventKind.REFUSED, self.channels.get(channel))  # fed while nobody heard
        else:
            kind = self._cleared_kind(channel)
            self._events.tell(CashEventKind.RETURNED, kind, late=True)
        self.note = None

    def _cleared_to_cashbox(self, channel: int) -> None:
        note = self.note
        self._troubles.end(Trouble.STUCK)
        if note is not None and not note.open:
            self.note = None  # it had its CREDIT
            return
        kind = self._cleared_kind(channel)
        self._events.tell(CashEventKind.STACKED, kind, late=True, unsure=note is None and not self.history_known)
        self._counted = True
        self._cleared = kind
        self.note = None

    def _cleared_kind(self, channel: int) -> Note | None:
        """What was found in the path; should it be another note than the one in hand, nobody knows of that one."""
        said, note = self.channels.get(channel), self.note
        if note is not None and said is not None and note.note != said:
            self.give_up()
        return said or (note.note if note else None)

    def _trouble(self, said: PollEvent, heard: Heard) -> None:
        trouble, kind = _TROUBLES[said.event]
        if not self._troubles.add(trouble):
            return
        heard.stop = True
        note = self.note.note if self.note is not None and self.note.open else None
        if kind is CashEventKind.FRAUD:
            note = self.channels.get(said.channel)
        elif kind is not CashEventKind.JAMMED:
            note = None
        self._events.tell(kind, note)
        if kind is CashEventKind.JAMMED and self.note is not None:
            self.note.jam_told = True
