"""How a simulated payment terminal says something: with its delays, waiting for the register's acknowledgement, and
with the cable cut where a test plans it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.virtual.zvt_terminal_bytes import message
from drivers.virtual.zvt_terminal_scenario import CutPlan
from drivers.virtual.zvt_terminal_wire import Wire

DELAYS_S = {"step": 0.05, "card": 1.0, "pin": 2.0, "bank": 1.5, "print": 0.2, "diagnosis": 2.0}
T3_S = 5.0  # it waits so long for 80 00 00


class Speaker:
    """`speed` 2.0 is twice as fast."""

    def __init__(self, wire: Wire, speed: float, on_event: Callable[[str], None]) -> None:
        self.wire = wire
        self.speed = speed
        self.cut_plan: CutPlan | None = None
        self._on_event = on_event
        self._answered: asyncio.Future[bytes] | None = None
        self._bound = 0  # connection that the present command came over
        self._counted: int | None = None  # messages of the present payment so far

    def _was_answered(self, apdu: bytes) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(apdu)

    async def _abort(self, code: int) -> None:
        await self._say(message("06 1E", bytes([code])))

    async def _say(self, apdu: bytes) -> bytes | None:
        """Say it and wait for the register's acknowledgement; None when none came."""
        if not self._linked:
            return None
        await asyncio.sleep(DELAYS_S["step"] / self.speed)
        loop = asyncio.get_running_loop()
        self._answered = loop.create_future()
        await self._send(apdu)
        deadline = loop.time() + T3_S
        while not self._answered.done() and self._linked and loop.time() < deadline:
            await asyncio.wait([self._answered], timeout=0.02)
        return self._answered.result() if self._answered.done() else None

    async def _send(self, apdu: bytes) -> None:
        number = self._count()
        if not await self._cut_here(apdu, number, after=False):
            await self.wire.send(apdu)
            await self._cut_here(apdu, number, after=True)

    @property
    def _linked(self) -> bool:
        return self.wire.connection == self._bound != 0

    async def _pause(self, step: str) -> None:
        await asyncio.sleep(DELAYS_S[step] / self.speed)

    def _count(self) -> int:
        """The number of the present message in the present payment; 0 outside of one."""
        if self._counted is None:
            return 0
        self._counted += 1
        return self._counted

    async def _cut_here(self, apdu: bytes, number: int, *, after: bool) -> bool:
        plan = self.cut_plan
        if plan is None or number == 0 or plan.after != after:
            return False
        if plan.number != number and plan.control != apdu[:2]:
            return False
        self.cut_plan = None
        self._on_event("link cut")
        await self.wire.cut()
        return True
