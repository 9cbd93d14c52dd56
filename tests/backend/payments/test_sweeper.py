"""The sweeper: one payment that hangs or breaks does not hold up the others."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from backend.payments.sweeper import Sweeper
from backend.payments.worker import PaymentWorker


class Payments:
    """`slow` ends only when `quick` has been at it."""

    def __init__(self, intents: list[str]) -> None:
        self.intents = intents
        self.leases = self
        self.quick_was_here = asyncio.Event()
        self.at_work = self.most_at_once = 0

    async def due(self) -> list[str]:
        return self.intents

    async def advance(self, intent_id: str) -> None:
        self.at_work += 1
        self.most_at_once = max(self.most_at_once, self.at_work)
        try:
            match intent_id:
                case "slow":
                    await self.quick_was_here.wait()
                case "quick":
                    self.quick_was_here.set()
                case "broken":
                    raise RuntimeError("broken")
                case _:
                    await asyncio.sleep(0)
        finally:
            self.at_work -= 1


def sweeper(payments: Payments) -> Sweeper:
    return Sweeper(cast(PaymentWorker, cast(Any, payments)), 1)


async def test_one_that_hangs_or_breaks() -> None:
    payments = Payments(["broken", "slow", "quick"])
    async with asyncio.timeout(20):
        assert await sweeper(payments).sweep() == 3
    assert payments.quick_was_here.is_set()


async def test_not_all_at_once() -> None:
    payments = Payments([f"other-{number}" for number in range(20)])
    await sweeper(payments).sweep()
    assert 1 < payments.most_at_once <= 5
