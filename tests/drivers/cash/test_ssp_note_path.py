"""What events mean for the note in the path, without a line."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from drivers.cash.event_queue import EventQueue, Place
from drivers.cash.port import CashEvent, CashEventKind, Note
from drivers.cash.ssp_messages import PollReply
from drivers.cash.ssp_note_path import Heard, NotePath
from drivers.cash.troubles import Trouble, TroubleBook
from drivers.status import Action, DeviceState

NOTE = Note(1000)
ESCROWED, STACKED, RETURNED = CashEventKind.ESCROWED, CashEventKind.STACKED, CashEventKind.RETURNED
REFUSED, JAMMED, LOST = CashEventKind.REFUSED, CashEventKind.JAMMED, CashEventKind.LOST


@dataclass
class Unit:
    """A path that hears what is written in hexadecimal."""

    events: EventQueue = field(default_factory=EventQueue)
    troubles: TroubleBook = field(default_factory=TroubleBook)

    def __post_init__(self) -> None:
        self.path = NotePath(self.events, self.troubles, lambda: 0.0)
        self.path.channels = {1: Note(500), 2: NOTE}
        self.path.wanted = frozenset({500, 1000})
        self.path.live = True

    def says(self, *replies: str) -> Heard:
        for reply in replies:
            heard = self.path.hear(PollReply.from_data(bytes.fromhex(reply)))
        return heard

    def order(self) -> None:
        assert self.path.note is not None
        self.path.note.move(Place.STACKING, 0)

    async def told(self) -> list[tuple[CashEventKind, Note | None]]:
        return [(event.kind, event.note) for event in await self.events_told()]

    async def events_told(self) -> list[CashEvent]:
        self.events.tell(CashEventKind.CASHBOX_REPLACED)
        told = []
        while (event := await self.events.next()).kind is not CashEventKind.CASHBOX_REPLACED:
            told.append(event)
        return told


@pytest.fixture
def unit() -> Unit:
    return Unit()


@pytest.mark.parametrize("end", [("CC", "EE 02", "EB"), ("CC EE 02 EB",), ("CC EB", "EE 02"), ("EE 02 EB CC",)])
async def test_a_note_counts_at_its_credit(unit: Unit, end: tuple[str, ...]) -> None:
    unit.says("EF 00", "EF 02")
    unit.order()
    unit.says(*end)
    assert await unit.told() == [(ESCROWED, NOTE), (STACKED, NOTE)]


@pytest.mark.parametrize("again", ["EE 02", "F1 EE 02", "EE 01"])
@pytest.mark.parametrize("between", ["", "EB"])
async def test_a_credit_without_a_note_before_it_counts_nothing(unit: Unit, between: str, again: str) -> None:
    """The same credit said twice, or a note nobody saw: that decides who counts the box."""
    unit.says("EF 02")
    unit.order()
    assert not unit.says("EE 02", between).stop
    assert unit.says(again).stop
    told = [event for event in await unit.told() if event[0] is not LOST]
    assert told == [(ESCROWED, NOTE), (STACKED, NOTE), (JAMMED, Note(500) if again == "EE 01" else NOTE)]
    assert unit.path.wanted == frozenset()


async def test_two_notes_of_the_same_value_are_two(unit: Unit) -> None:
    for _ in range(2):
        unit.says("EF 00", "EF 02")
        unit.order()
        unit.says("EE 02")
    assert await unit.told() == [(ESCROWED, NOTE), (STACKED, NOTE)] * 2


async def test_stacked_without_credit_does_not_count(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    unit.says("CC", "EB")
    assert await unit.told() == [(ESCROWED, NOTE)]
    assert unit.path.busy


async def test_a_note_in_escrow_said_twice_is_one(unit: Unit) -> None:
    unit.says("EF 02", "EF 02", "EF 02")
    assert await unit.told() == [(ESCROWED, NOTE)]


async def test_an_order_that_was_not_followed(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    assert unit.says("ED EC").returned
    assert await unit.told() == [(ESCROWED, NOTE), (RETURNED, NOTE)]


async def test_notes_nobody_wants(unit: Unit) -> None:
    unit.path.wanted = frozenset({500})
    unit.says("EF 02")
    assert unit.path.in_escrow
    assert unit.says("ED EC").refused
    assert unit.says("EF 00 ED EC").refused
    assert await unit.told() == [(REFUSED, NOTE), (REFUSED, None)]


async def test_power_up_clears_a_counted_note(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    unit.says("EE 02", "F1 E2 02")
    assert await unit.told() == [(ESCROWED, NOTE), (STACKED, NOTE), (LOST, None)]


@pytest.mark.parametrize("power_up", ["F1 E2 02", "F1 E2 00", "F1 EE 02", "F1 E2 02 EE 02", "F1 EE 02 E2 02"])
async def test_power_up_counts_an_ordered_note_once(unit: Unit, power_up: str) -> None:
    unit.says("EF 02")
    unit.order()
    assert unit.says(power_up).restarted
    told = await unit.events_told()
    assert [(event.kind, event.note, event.late) for event in told[1:]] == [(LOST, None, False), (STACKED, NOTE, True)]
    assert not told[-1].unsure


@pytest.mark.parametrize(("power_up", "unsure"), [("F1 E2 02", True), ("F1 EE 02", False)])
async def test_a_fresh_program_knows_what_it_does_not_know(unit: Unit, power_up: str, unsure: bool) -> None:
    unit.says(power_up)
    stacked = (await unit.events_told())[-1]
    assert (stacked.kind, stacked.note, stacked.late, stacked.unsure) == (STACKED, NOTE, True, unsure)


async def test_cleared_to_the_front(unit: Unit) -> None:
    unit.says("EF 02", "F1 E1 02")
    told = await unit.events_told()
    assert [(event.kind, event.note, event.late) for event in told[1:]] == [(LOST, None, False), (RETURNED, NOTE, True)]


@pytest.mark.parametrize(("out", "more"), [("E1 02", []), ("E1 00", []), ("ED EC", [(REFUSED, None)])])
async def test_a_lost_reply_and_a_restart_leave_it_open_which_note_came_out(
    unit: Unit, out: str, more: list[tuple[CashEventKind, Note | None]]
) -> None:
    unit.says("EF 02")
    unit.order()
    unit.path.lose_touch("silent")
    unit.path.miss_news_by_restart()
    unit.says("F1", out)
    assert await unit.told() == [(ESCROWED, NOTE), (LOST, None), (JAMMED, NOTE), *more]


async def test_a_note_nobody_was_told_of_is_not_the_one_that_was_given_up(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    unit.path.miss_news()
    unit.says("F1 E1 02")
    assert await unit.told() == [(ESCROWED, NOTE), (JAMMED, NOTE), (LOST, None), (REFUSED, NOTE)]


async def test_a_note_of_an_unknown_channel_is_told_without_one(unit: Unit) -> None:
    unit.says("F1 E2 00", "F1 E1 09")
    assert (await unit.told())[1:] == [(STACKED, None), (RETURNED, None)]


async def test_an_untold_outcome_is_said_once(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    unit.says("E9", "E9")
    unit.path.give_up()
    assert await unit.told() == [(ESCROWED, NOTE), (JAMMED, NOTE)]
    assert unit.events.counters["notes_unknown"] == 1


async def test_a_note_given_up_calls_a_clerk_until_the_box_was_out(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    unit.path.give_up()
    unit.says("F1", "EF 02")
    status = unit.troubles.status("", {})
    assert (status.action, status.ready, unit.troubles.blocking) == (Action.CLEAR, True, False)
    unit.says("E3", "E4")
    assert unit.troubles.status("", {}).action is Action.NONE


async def test_a_jam_that_ends_well(unit: Unit) -> None:
    unit.says("EF 02")
    unit.order()
    assert unit.says("EA").stop
    assert unit.path.wanted == frozenset()
    unit.says("EE 02", "EB", "00"[:0])
    assert await unit.told() == [(ESCROWED, NOTE), (JAMMED, NOTE), (STACKED, NOTE)]


def test_a_repeated_trouble_ends_with_its_repetition(unit: Unit) -> None:
    unit.says("E7", "E7", "")
    assert Trouble.STACKER_FULL in unit.troubles
    unit.says("", "")
    assert not unit.troubles.blocking


def test_a_trouble_said_once_stays_until_it_is_said_to_be_over(unit: Unit) -> None:
    unit.says("E7", *[""] * 20)
    assert Trouble.STACKER_FULL in unit.troubles
    unit.says("E4")
    assert not unit.troubles.blocking


def test_fraud_does_not_pass_by_itself(unit: Unit) -> None:
    unit.says("E6 02", "E6 02", *[""] * 20)
    status = unit.troubles.status("", {})
    assert (status.device, status.action) == (DeviceState.FRAUD_ATTEMPT, Action.MAINTENANCE)
    unit.says("F1")
    assert unit.troubles.status("", {}).ready


def test_the_gravest_trouble_shows(unit: Unit) -> None:
    unit.says("E7 E3")
    status = unit.troubles.status("", {})
    assert (status.device, status.action, status.ready) == (DeviceState.USER_ERROR, Action.MAINTENANCE, False)
