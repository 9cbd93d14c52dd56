"""The resident does not pay: the trade is closed, they are told that nothing was taken; also when they just leave.

Device: session
Resident: 没有扣钱，付款码已作废。可以重新付一次。
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backend.contract.kiosk_api import PaymentState
from kiosk.journal.journal import Outcome
from kiosk.journeys import texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import PayAnswer
from tests.kiosk.journeys.fakes import FakeLink, Wait, World
from tests.kiosk.journeys.house import House


async def test_cancelled_by_touch(tmp_path: Path) -> None:
    world = World(payer="refuses")
    async with House(tmp_path / "j.sqlite3", world, Pay=Wait(0.02, PayAnswer.CANCEL), Message="home") as house:
        with pytest.raises(JourneyOver):
            await house.water()
        assert list(world.payments.values()) == [PaymentState.CLOSED]
        assert house.stage.seen[-1].body == texts.NOT_PAID_BODY  # type: ignore[attr-defined]
        assert [intent.outcome for intent in await house.journal.all_intents()] == [Outcome.CLOSED]


async def test_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeLink, "expiry_s", 0.05)
    world = World(payer="refuses")
    async with House(tmp_path / "j.sqlite3", world, Message="home") as house:
        with pytest.raises(JourneyOver):
            await house.water()
        assert house.stage.seen[-1].body == texts.PAY_EXPIRED_BODY  # type: ignore[attr-defined]
        assert list(world.payments.values()) == [PaymentState.CLOSED]


async def test_the_gateway_closes_first(tmp_path: Path) -> None:
    """Its clock ran out before ours: the same sentence."""
    world = World(payer="refuses")

    def pay(screen: object) -> Wait:
        world.payments = dict.fromkeys(world.payments, PaymentState.CLOSED)
        return Wait()

    async with House(tmp_path / "j.sqlite3", world, Pay=pay, Message="home") as house:
        with pytest.raises(JourneyOver):
            await house.water()
        assert house.stage.seen[-1].body == texts.PAY_EXPIRED_BODY  # type: ignore[attr-defined]
        assert [intent.outcome for intent in await house.journal.all_intents()] == [Outcome.CLOSED]


async def test_walks_away(tmp_path: Path) -> None:
    """首页 while the code is shown: cancelled like a kill, resolved the same way."""
    world = World(payer="refuses")
    async with House(tmp_path / "j.sqlite3", world) as house:
        task = asyncio.create_task(house.water())
        while "Pay" not in house.stage.kinds():
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await house.recover() == 0
        assert list(world.payments.values()) == [PaymentState.CLOSED]


async def test_paid_in_the_last_moment_counts(tmp_path: Path) -> None:
    world = World(payer="pays-at-the-last-moment")
    async with House(tmp_path / "j.sqlite3", world, Pay=Wait(0.02, PayAnswer.CANCEL)) as house:
        await house.water()
        assert list(world.payments.values()) == [PaymentState.DELIVERED]
        assert len(world.slips) == 1


async def test_more_time_is_a_new_attempt(tmp_path: Path) -> None:
    """Extending re-issues: the old code is closed before the new one is shown."""
    world = World(payer="refuses")

    def pay(screen: object) -> object:
        if len(world.payments) == 1:
            return PayAnswer.MORE_TIME
        world.payer = "pays"
        return Wait()

    async with House(tmp_path / "j.sqlite3", world, Pay=pay) as house:
        await house.water()
        assert list(world.payments.values()) == [PaymentState.CLOSED, PaymentState.DELIVERED]
        assert sum(world.charged.values()) == 1
