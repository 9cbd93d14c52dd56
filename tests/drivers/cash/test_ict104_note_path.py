"""Words of an ICT104 unit that contradict each other, without a line."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from drivers.cash.event_queue import EventQueue, Place
from drivers.cash.ict104_note_path import IctNotePath
from drivers.cash.ict104_settings import IctTimings
from drivers.cash.port import CashEventKind, Note
from drivers.cash.troubles import TroubleBook
from drivers.status import Action

NOTE, OTHER = Note(5000), Note(500)
STACKED, RETURNED, JAMMED = CashEventKind.STACKED, CashEventKind.RETURNED, CashEventKind.JAMMED
TIMINGS = IctTimings()
WINDOW = TIMINGS.contradiction + 0.1


@dataclass
class Unit:
    """A path with a note of 50 yuan that was ordered to be stacked."""

    now: float = 100.0
    events: EventQueue = field(default_factory=EventQueue)
    troubles: TroubleBook = field(default_factory=TroubleBook)

    def __post_init__(self) -> None:
        self.path = IctNotePath(self.events, self.troubles, lambda: self.now, TIMINGS)
        self.path.wanted = frozenset({500, 5000})
        self.path.in_escrow(NOTE)
        assert self.path.order(Place.STACKING)

    def says(self, words: str) -> None:
        for word in words.split():
            if word == "10":
                self.path.stacked()
            else:
                self.path.came_out()
            self.wait(0.3)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.path.keep_time(self.now)

    async def told(self) -> list[tuple[CashEventKind, Note | None]]:
        self.events.tell(CashEventKind.CASHBOX_REPLACED)
        told = []
        while (event := await self.events.next()).kind is not CashEventKind.CASHBOX_REPLACED:
            told.append((event.kind, event.note))
        assert told.pop(0) == (CashEventKind.ESCROWED, NOTE)
        return told


@pytest.fixture
def unit() -> Unit:
    return Unit()


@pytest.mark.parametrize(
    ("words", "outcome"), [("10", STACKED), ("10 10", STACKED), ("11", RETURNED), ("29 11", RETURNED)]
)
async def test_what_nothing_contradicts_is_believed_after_a_while(
    unit: Unit, words: str, outcome: CashEventKind
) -> None:
    unit.says(words)
    assert unit.path.busy
    unit.wait(WINDOW)
    assert not unit.path.busy
    assert await unit.told() == [(outcome, NOTE)]


@pytest.mark.parametrize("words", ["11 10", "10 11", "29 10", "10 23", "11 11 10", "11 10 10"])
async def test_two_words_are_none(unit: Unit, words: str) -> None:
    unit.says(words)
    unit.wait(WINDOW)
    assert await unit.told() == [(JAMMED, NOTE)]
    assert not unit.path.wanted, "no more notes until somebody enables it again"
    assert unit.events.counters["notes_unknown"] == 1
    assert unit.troubles.status("", {}).action is Action.CLEAR


@pytest.mark.parametrize(("word", "outcome"), [("10", STACKED), ("11", RETURNED)])
async def test_the_next_note_proves_that_the_path_is_clear(unit: Unit, word: str, outcome: CashEventKind) -> None:
    unit.says(word)
    unit.path.in_escrow(OTHER)
    assert await unit.told() == [(outcome, NOTE), (CashEventKind.ESCROWED, OTHER)]


async def test_a_credit_after_the_window_is_not_forgotten(unit: Unit) -> None:
    """A unit slower than we think: RETURNED is told already, and somebody has to look all the same."""
    unit.says("11")
    unit.wait(WINDOW)
    unit.says("10 10")
    assert await unit.told() == [(RETURNED, NOTE), (JAMMED, NOTE)]
    assert unit.troubles.status("", {}).action is Action.CLEAR


async def test_a_credit_long_after_is_noise(unit: Unit) -> None:
    unit.says("11")
    unit.wait(TIMINGS.accept)
    unit.says("10")
    assert await unit.told() == [(RETURNED, NOTE)]


@pytest.mark.parametrize(("word", "outcome"), [("10", STACKED), ("11", JAMMED)])
async def test_the_link_goes_after_the_first_word(unit: Unit, word: str, outcome: CashEventKind) -> None:
    """A 10 that came meanwhile is lost, so "came out" cannot be believed any more."""
    unit.says(word)
    unit.path.lose_touch()
    unit.wait(WINDOW)
    assert await unit.told() == [(outcome, NOTE)]


async def test_stuck_after_it_was_said_to_be_in_the_box(unit: Unit) -> None:
    unit.says("10")
    unit.path.jammed()
    unit.wait(WINDOW)
    assert await unit.told() == [(JAMMED, NOTE)]
