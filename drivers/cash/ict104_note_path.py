"""The note in an ICT104 unit: what single bytes mean for it. No I/O here.

A byte may be noise, also 10 ("in the box") and 11 ("came out"). So of a note that was ordered to be stacked the first
word is not the last: it is believed when no other contradicts it for a while, or when the next note is there, for which
the path must be clear. Words that contradict each other make a note of unknown fate, told as JAMMED.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import structlog

from drivers.cash.event_queue import EventQueue, NoteInHand, Place
from drivers.cash.ict104_settings import IctTimings
from drivers.cash.port import CashEventKind, Note
from drivers.cash.troubles import Trouble, TroubleBook
from drivers.link.trace import Way, trace

log = structlog.get_logger()


class _Word(Enum):
    """What the unit said of a note it had to stack."""

    IN_THE_BOX = "10"
    CAME_OUT = "11, 23 or 29"


class IctNotePath:
    """`clock` in seconds. `wanted`: values of notes somebody waits for; empty after a note of unknown fate."""

    def __init__(
        self, events: EventQueue, troubles: TroubleBook, clock: Callable[[], float], timings: IctTimings
    ) -> None:
        self._events = events
        self._troubles = troubles
        self._clock = clock
        self._timings = timings
        self.wanted: frozenset[int] = frozenset()
        self.note: NoteInHand | None = None
        self._word: _Word | None = None
        self._said_at = 0.0
        self._told_out: tuple[Note | None, float] | None = None  # told as RETURNED; until when a 10 may be of it
        self._came_out_at = float("-inf")

    @property
    def busy(self) -> bool:
        return self.note is not None

    @property
    def stuck(self) -> bool:
        """JAMMED was told of the note; its outcome may never be."""
        return self.note is not None and self.note.jam_told

    def lose_touch(self) -> None:
        """Link or power went."""
        self.wanted = frozenset()
        if self.note is not None:
            self.note.late = True

    def order(self, place: Place) -> bool:
        """Whether there is a note in escrow that can be told to go to `place`."""
        note = self.note
        if note is None or note.place is not Place.ESCROW or (place is Place.STACKING and not note.wanted):
            return False
        note.move(place, self._clock())
        return True

    def in_escrow(self, kind: Note | None) -> None:
        """81 and a bill type. None: a type that is not used."""
        note, now = self.note, self._clock()
        if note is not None:
            if note.place is Place.ESCROW and note.note == kind:
                return  # said again
            if self._word is None:
                self.give_up()
            else:
                self._settle(note)
        self._told_out = None
        wanted = kind is not None and kind.value in self.wanted
        self.note = NoteInHand(kind, Place.ESCROW, now, wanted)
        if wanted:
            self._events.tell(CashEventKind.ESCROWED, kind)

    def stacked(self) -> None:
        """10: only in answer to an order of the last moments."""
        note, now = self.note, self._clock()
        if note is not None and note.place is Place.STACKING and now - note.since <= self._timings.accept:
            self._say(_Word.IN_THE_BOX)
        elif note is None and self._told_out is not None and now <= self._told_out[1]:
            self._unknown(self._told_out[0], late=True, why="in the box, after it was told to be out")
            self._told_out = None
        else:
            log.warning("cash_stray_credit_byte_ignored")
            trace("cash", Way.NOTE, "10 ignored: no note was to be stacked")

    def came_out(self) -> None:
        """11, 23 or 29."""
        note = self.note
        if note is None:
            if self._clock() - self._came_out_at > self._timings.echo:
                self._events.tell(CashEventKind.REFUSED)
            self._came_out_at = self._clock()
        elif note.place is Place.STACKING:
            self._say(_Word.CAME_OUT)
        else:
            self._tell_out(note)

    def jammed(self) -> None:
        note = self.note
        if self._word is not None:
            self.give_up()  # it was said to be somewhere else
            return
        self._events.tell(CashEventKind.JAMMED, note.note if note else None)
        if note is not None:
            note.jam_told = True

    def keep_time(self, now: float) -> None:
        """Believe what nothing has contradicted, and give up what nothing was said of. All that the unit said before
        `now` was heard."""
        note = self.note
        if note is None:
            return
        age = now - note.since
        if self._word is not None:
            if now - self._said_at > self._timings.contradiction:
                self._settle(note)
        elif note.place is Place.STACKING and age > self._timings.accept:
            self.give_up()
        elif note.place is Place.RETURNING and age > self._timings.reject:
            if note.late:
                self._tell_out(note)  # said while nobody listened; what is not accepted comes out by itself
            else:
                self.give_up()
                self._troubles.add(Trouble.STUCK)

    def give_up(self) -> None:
        """Nobody will tell any more what became of the note."""
        note = self._let_go()
        if note is not None and not note.jam_told:
            self._unknown(note.note, late=note.late, why="outcome never told")

    # what was said of a note that was to be stacked

    def _say(self, word: _Word) -> None:
        if self._word is None:
            self._word, self._said_at = word, self._clock()
        elif word is not self._word:
            trace("cash", Way.NOTE, f"{word.value} contradicts {self._word.value}: nobody knows where the note is")
            self.give_up()

    def _settle(self, note: NoteInHand) -> None:
        if self._word is _Word.IN_THE_BOX:
            self._let_go()
            self._events.tell(CashEventKind.STACKED, note.note, late=note.late)
        elif note.late:
            self.give_up()  # a 10 may have been lost with the link
        else:
            self._told_out = (note.note, note.since + self._timings.accept)
            self._tell_out(note)

    def _tell_out(self, note: NoteInHand) -> None:
        self._let_go()
        kind = CashEventKind.RETURNED if note.wanted else CashEventKind.REFUSED
        self._events.tell(kind, note.note, late=note.late)
        self._troubles.end(Trouble.STUCK)
        self._came_out_at = self._clock()

    def _let_go(self) -> NoteInHand | None:
        note, self.note, self._word = self.note, None, None
        return note

    def _unknown(self, kind: Note | None, *, late: bool, why: str) -> None:
        self._events.tell(CashEventKind.JAMMED, kind, late=late, why=why)
        self._troubles.add(Trouble.UNCOUNTED)
        self.wanted = frozenset()
