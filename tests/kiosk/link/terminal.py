"""A terminal for the agent's tests: remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from content.schema.text import Text
from drivers.manager import DeviceSet
from drivers.receipt_printer.port import Receipt, ReceiptOutcome
from drivers.status import DeviceState, DeviceStatus
from kiosk.link.desk_clock import DeskClock

PNG = b"\x89PNG\r\n\x1a\n picture"


class FakeSlipPrinter:
    def __init__(self) -> None:
        self.status = DeviceStatus(DeviceState.ONLINE, levels={"paper": 80})
        self.slips: list[Receipt] = []
        self.outcome = ReceiptOutcome.PRINTED
        self.refreshed = 0

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def refresh(self) -> DeviceStatus:
        self.refreshed += 1
        return self.status

    async def print_receipt(self, receipt: Receipt) -> ReceiptOutcome:
        self.slips.append(receipt)
        return self.outcome

    async def cut_count(self) -> int | None:
        return None


class FakeTerminal:
    def __init__(self) -> None:
        self.printer = FakeSlipPrinter()
        self.devices = DeviceSet(receipt_printer=self.printer)
        self.floor = asyncio.Lock()
        self.session_open = False
        self.at_home = True
        self.closed: dict[str, Text] = {}
        self.volume: int | None = None
        self.stopped = asyncio.Event()
        self.intents = 0
        self.settings: dict[str, Any] | None = None
        self.applied_in_session = False

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        async with self.floor:
            self.session_open = True
            try:
                yield
            finally:
                self.session_open = False

    @asynccontextmanager
    async def between_sessions(self) -> AsyncIterator[None]:
        async with self.floor:
            yield

    def close_for(self, who: str, reason: Text | None) -> None:
        if reason is None:
            self.closed.pop(who, None)
        else:
            self.closed[who] = reason

    async def picture(self) -> bytes:
        assert not self.session_open, "a picture of a resident's session"
        return PNG

    def set_volume(self, percent: int) -> None:
        self.volume = percent

    def apply_settings(self, values: Mapping[str, Any]) -> None:
        self.applied_in_session = self.session_open
        self.settings = dict(values)

    async def open_intents(self) -> int:
        return self.intents

    def stop(self) -> None:
        self.stopped.set()

    def facts(self) -> Mapping[str, Any]:
        return {"terminal": "QK-0107", "software": "1"}


class Time:
    """A steady clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def clock_at(now: datetime | None = None, steady: Callable[[], float] | None = None) -> DeskClock:
    clock = DeskClock(steady or Time())
    clock.hear(now or datetime.now(UTC))
    return clock


async def until(condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


MINUTE = timedelta(minutes=1)
