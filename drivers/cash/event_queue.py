"""The events of an acceptor, in order, until somebody has taken them, and what they add up to."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import structlog

from drivers.cash.port import CashEvent, CashEventKind, Note

log = structlog.get_logger()

_COUNTED = {
    CashEventKind.STACKED: "notes_stacked",
    CashEventKind.RETURNED: "notes_returned",
    CashEventKind.REFUSED: "notes_refused",
}
_TELLS_OF_A_NOTE = frozenset({CashEventKind.ESCROWED, CashEventKind.STACKED, CashEventKind.RETURNED})


class EventQueue:
    def __init__(self) -> None:
        self._unread: deque[CashEvent] = deque()
        self._arrived = asyncio.Event()
        self._number = 0
        self._counters: Counter[str] = Counter(dict.fromkeys((*_COUNTED.values(), "notes_unknown"), 0))

    @property
    def counters(self) -> Mapping[str, int]:
        return dict(self._counters)

    def tell(
        self, kind: CashEventKind, note: Note | None = None, *, late: bool = False, unsure: bool = False, why: str = ""
    ) -> None:
        """Number an event, count it, and keep it for the reader."""
        self._number += 1
        event = CashEvent(kind, self._number, note, late, unsure)
        value = note.value if note else None
        log.info("cash_event", kind=kind.value, number=event.number, value=value, late=late, unsure=unsure, why=why)
        if kind in _COUNTED:
            self._counters[_COUNTED[kind]] += 1
        if kind is CashEventKind.STACKED and value is not None:
            self._counters[f"stacked_{value}"] += 1
        if kind is CashEventKind.JAMMED and note is not None:
            self._counters["notes_unknown"] += 1
        if kind is CashEventKind.LOST and self._unread and self._unread[-1].kind is CashEventKind.LOST:
            return  # a unit that comes and goes all night says it once
        self._unread.append(event)
        self._arrived.set()

    async def next(self) -> CashEvent:
        """Waits for ever. An event is taken in the same step in which it is returned, so cancelling loses none."""
        while not self._unread:
            self._arrived.clear()
            await self._arrived.wait()
        return self._unread.popleft()

    def drop_old_news(self) -> None:
        """Keep of the unread events those that say where a note is."""
        self._unread = deque(
            event
            for event in self._unread
            if event.kind in _TELLS_OF_A_NOTE or (event.kind is CashEventKind.JAMMED and event.note is not None)
        )


class Place(StrEnum):
    """Where the note is that the unit has in its path."""

    ESCROW = "escrow"
    STACKING = "stacking"  # the unit was told to take it
    RETURNING = "returning"
    CREDITED = "credited"  # it counts already; the unit may still be moving it


@dataclass
class NoteInHand:
    """`wanted`: somebody was told of it. `late`: the link or the power went meanwhile. `since`: of this place, on the
    loop's clock. `jam_told`: JAMMED was told with this note. `doubtful`: what told that it was stacked may be lost, so
    that a note coming out may be another."""

    note: Note | None
    place: Place
    since: float
    wanted: bool = True
    late: bool = False
    jam_told: bool = False
    doubtful: bool = False

    @property
    def open(self) -> bool:
        """Whether its outcome is still to come."""
        return self.place is not Place.CREDITED

    def move(self, place: Place, now: float) -> None:
        self.place, self.since = place, now
