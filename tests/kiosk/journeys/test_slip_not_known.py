"""The printer stops with the slip or within it: the money stays until the printer's own counter has told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from backend.contract.kiosk_api import PaymentState
from kiosk.journal.journal import IntentKind, Outcome, Phase
from kiosk.journeys import texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Message
from tests.kiosk.journeys.fakes import Killed, Points, World, is_copy
from tests.kiosk.journeys.house import House


async def _pays(house: House) -> Message:
    with pytest.raises(JourneyOver):
        await house.water()
    return [screen for screen in house.stage.seen if isinstance(screen, Message)][-1]


def _states(world: World) -> list[PaymentState]:
    return list(world.payments.values())


@pytest.mark.parametrize("ends", ["dry", "half"])
async def test_no_refund_while_the_counter_cannot_be_asked(tmp_path: Path, ends: str) -> None:
    world = World(slip_ends=ends)
    async with House(tmp_path / "journal.sqlite3", world) as house:
        told = await _pays(house)
        assert told.question == texts.PAY_UNKNOWN
        assert [entry.label for entry in told.entries] == [texts.NUMBER]
        assert _states(world) == [PaymentState.PAID]
        assert await house.recover() == 2
        assert _states(world) == [PaymentState.PAID], "nor by recovery"
        world.slip_ready = True
        assert await house.recover() == 0
    assert _states(world) == [PaymentState.DELIVERED]
    assert len(world.slips) == 1, "printed after the repair where none was out, and only there"
    assert not any(is_copy(slip) for slip in world.slips)


@pytest.mark.parametrize(("ends", "slips"), [("dry", 1), ("half", 0)])
async def test_patience_ends(tmp_path: Path, ends: str, slips: int) -> None:
    world = World(slip_ends=ends)
    async with House(tmp_path / "journal.sqlite3", world) as house:
        await _pays(house)
        assert await house.recover(counter_patience=timedelta(0)) == 0
    assert _states(world) == [PaymentState.REFUNDED]
    assert len(world.slips) == slips


async def test_printer_back_too_late_prints_a_copy(tmp_path: Path) -> None:
    """Nobody knows how often it has cut meanwhile: the intent was given up before."""
    world = World(slip_ends="dry")
    async with House(tmp_path / "journal.sqlite3", world) as house:
        await _pays(house)
        [slip] = [intent for intent in await house.journal.open_intents() if intent.kind is IntentKind.RECEIPT]
        await house.journal.settle(slip.id, Outcome.UNKNOWN)
        world.slip_ready = True
        assert await house.recover() == 0
    assert _states(world) == [PaymentState.DELIVERED]
    assert [is_copy(receipt) for receipt in world.slips] == [False, True]


async def test_without_a_counter_nobody_will_ever_tell(tmp_path: Path) -> None:
    world = World(slip_ends="dry", has_cut_counter=False)
    async with House(tmp_path / "journal.sqlite3", world) as house:
        told = await _pays(house)
        assert told.question == texts.REFUNDED
        assert not await house.journal.open_intents()
    assert _states(world) == [PaymentState.REFUNDED]


async def test_next_slip_does_not_speak_for_the_one_before(tmp_path: Path) -> None:
    """The roll is renewed, and the next resident pays before recovery has come round: the cut of the second slip is
    not taken for the first one's."""
    world = World(slip_ends="half")
    async with House(tmp_path / "journal.sqlite3", world) as house:
        await _pays(house)
        world.slip_ready = True
        await house.water()
        assert len(world.slips) == 1
        assert await house.recover() == 0
    assert _states(world) == [PaymentState.DELIVERED, PaymentState.DELIVERED]
    assert len(world.slips) == 2, "each payment has its own"


async def test_nothing_is_printed_over_a_slip_in_doubt(tmp_path: Path) -> None:
    world = World(slip_ends="dry")
    async with House(tmp_path / "journal.sqlite3", world) as house:
        await _pays(house)
        journey = await house.certificate()
        assert journey is not None
        assert len(world.slips) == 1
        assert await house.recover() == 2, "the payment and its slip"


async def test_smaller_number_is_another_printers(tmp_path: Path) -> None:
    world = World(slip_ends="half")
    async with House(tmp_path / "journal.sqlite3", world) as house:
        await house.journal.begin(IntentKind.RECEIPT, session="s", service="water-bill", detail={"cuts_before": 7})
        [slip] = await house.journal.open_intents()
        await house.journal.advance(slip.id, Phase.PRINTING)
        assert await house.recover() == 0
        assert (await house.journal.get(slip.id)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("ends", ["dry", "half"])
@pytest.mark.parametrize("repaired", [True, False])
async def test_killed_anywhere_meanwhile(tmp_path: Path, ends: str, repaired: bool) -> None:
    points = Points()
    async with House(tmp_path / "count.sqlite3", World(slip_ends=ends), points) as house:
        await _pays(house)
    for kill_at in range(1, points.count + 1):
        world = World(slip_ends=ends)
        path = tmp_path / f"{kill_at}.sqlite3"
        async with House(path, world, Points(kill_at)) as house:
            with pytest.raises(Killed):
                await house.water()
        world.slip_ends = "well"
        printing = not world.slip_ready
        async with House(path, world) as house:
            if printing:
                assert await house.recover() == 2
                world.slip_ready = repaired
            assert await house.recover(timedelta(0)) == 0, f"killed at {kill_at}"
        assert all(times == 1 for times in world.charged.values())
        for intent, state in world.payments.items():
            if intent in world.charged:
                assert state in (PaymentState.DELIVERED, PaymentState.REFUNDED)
                assert world.slips or state is PaymentState.REFUNDED
            else:
                assert state is PaymentState.CLOSED
        assert len([slip for slip in world.slips if not is_copy(slip)]) <= 1
