"""Takes every unfinished payment further, whatever became of the kiosk or of the process that began it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from backend.logging import where
from backend.payments.worker import PaymentWorker

log = structlog.get_logger()

_AT_ONCE = 5  # one gateway call that hangs must not hold up everybody's money


class Sweeper:
    def __init__(self, worker: PaymentWorker, interval_s: float) -> None:
        self._worker = worker
        self._interval_s = interval_s
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something to do now."""
        self._wake.set()

    async def sweep(self) -> int:
        """Advance all that is due once; how many there were. A fault in one does not stop the others."""
        intents = await self._worker.leases.due()
        places = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for intent_id in intents:
                group.create_task(self._advance(intent_id, places))
        return len(intents)

    async def _advance(self, intent_id: str, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                await self._worker.advance(intent_id)
            except Exception as error:  # noqa: BLE001 - one broken payment must not hold up everybody's money
                log.error("sweep_failed", error=type(error).__name__, where=where(error))

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the database may be away for a while
                log.error("sweep_failed", error=type(error).__name__, where=where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._interval_s)


@asynccontextmanager
async def sweeping(sweeper: Sweeper) -> AsyncIterator[None]:
    task = asyncio.create_task(sweeper.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
