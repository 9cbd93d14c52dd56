"""Paid, but the company does not book it: no slip claims that it did; booked later → slip; never → money back.

Device: backend
Resident: 请不要重复付款。入账后凭条会在本机打印；不能入账会自动原路退回。请记下编号，可拨打 12345 查询。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.contract.kiosk_api import PaymentState
from kiosk.journal.journal import Outcome
from kiosk.journeys import texts
from kiosk.journeys.context import JourneyOver
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_told_and_left_to_recovery(tmp_path: Path) -> None:
    world = World(books=False)
    async with House(tmp_path / "j.sqlite3", world) as house:
        with pytest.raises(JourneyOver):
            await house.water()
        assert house.stage.seen[-1].body == texts.BOOKING_LATE_BODY  # type: ignore[union-attr]
        assert not world.slips, "a slip would say more than is true"
        assert await house.recover() == 1, "asked again later"
        world.books = True
        assert await house.recover() == 0
        assert len(world.slips) == 1
        assert list(world.payments.values()) == [PaymentState.DELIVERED]


async def test_refunded_while_waiting(tmp_path: Path) -> None:
    world = World(books=False)

    def give_up(screen: object) -> None:
        raise AssertionError("nobody is rated here")

    async with House(tmp_path / "j.sqlite3", world, Rate=give_up) as house:
        original = house.link.payment

        async def payment(intent_id: str) -> object:
            if world.charged:
                world.payments[intent_id] = PaymentState.REFUNDED
            return await original(intent_id)

        house.link.payment = payment  # type: ignore[method-assign]
        with pytest.raises(JourneyOver):
            await house.water()
        assert house.stage.seen[-1].question == texts.NOT_BOOKED  # type: ignore[union-attr]
        assert [intent.outcome for intent in await house.journal.all_intents()] == [Outcome.REFUNDED]
        assert not world.slips
